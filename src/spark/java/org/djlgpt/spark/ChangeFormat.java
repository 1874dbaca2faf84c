package org.djlgpt.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * How a worker tells at which parameters it arrived. What a narrow format rounds away from a change
 * is added to the worker's next one (error feedback: Seide et al., "1-Bit Stochastic Gradient
 * Descent", 2014, section 2).
 */
public enum ChangeFormat {

    /** The parameters themselves, 4 bytes each. */
    FLOAT32 {
        @Override
        byte[] encode(float[] arrived, float[] begun, float[] residual) {
            ByteBuffer bytes = bytes(Float.BYTES * arrived.length);
            bytes.asFloatBuffer().put(arrived);
            return bytes.array();
        }

        @Override
        void add(byte[] message, float[] begun, double[] sums) {
            FloatBuffer numbers = wrap(message).asFloatBuffer();
            for (int i = 0; i < sums.length; i++) {
                sums[i] += numbers.get(i);
            }
        }
    },

    /** The change since the round began, rounded to the nearest bfloat16, 2 bytes each. */
    BFLOAT16 {
        @Override
        byte[] encode(float[] arrived, float[] begun, float[] residual) {
            ByteBuffer bytes = bytes(Short.BYTES * arrived.length);
            for (int i = 0; i < arrived.length; i++) {
                float change = arrived[i] - begun[i] + residual[i];
                int bits = Float.floatToRawIntBits(change);
                int rounded = bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
                bytes.putShort((short) rounded);
                residual[i] = change - Float.intBitsToFloat(rounded << 16);
            }
            return bytes.array();
        }

        @Override
        void add(byte[] message, float[] begun, double[] sums) {
            ByteBuffer bytes = wrap(message);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += (double) begun[i] + Float.intBitsToFloat(bytes.getShort() << 16);
            }
        }
    },

    /** The change since the round began in 255 steps of one size for 1,024 numbers, a byte each. */
    INT8 {
        private static final int BLOCK = 1024;
        private static final int STEPS = 127;

        @Override
        byte[] encode(float[] arrived, float[] begun, float[] residual) {
            int blocks = (arrived.length + BLOCK - 1) / BLOCK;
            ByteBuffer bytes = bytes(Float.BYTES * blocks + arrived.length);
            for (int from = 0; from < arrived.length; from += BLOCK) {
                int to = Math.min(from + BLOCK, arrived.length);
                float most = 0;
                for (int i = from; i < to; i++) {
                    residual[i] += arrived[i] - begun[i];
                    most = Math.max(most, Math.abs(residual[i]));
                }
                float size = most / STEPS;
                bytes.putFloat(size);
                for (int i = from; i < to; i++) {
                    int steps = size == 0 ? 0 : Math.round(residual[i] / size);
                    bytes.put((byte) steps);
                    residual[i] -= steps * size;
                }
            }
            return bytes.array();
        }

        @Override
        void add(byte[] message, float[] begun, double[] sums) {
            ByteBuffer bytes = wrap(message);
            float size = 0;
            for (int i = 0; i < sums.length; i++) {
                if (i % BLOCK == 0) {
                    size = bytes.getFloat();
                }
                sums[i] += (double) begun[i] + bytes.get() * size;
            }
        }
    };

    /**
     * Writes where a worker arrived.
     *
     * @param begun the parameters from which it began; not looked at for {@link #FLOAT32}
     * @param residual what earlier messages left out, and after the call this one too; likewise
     */
    abstract byte[] encode(float[] arrived, float[] begun, float[] residual);

    /** Adds the parameters that a message tells to sums. */
    abstract void add(byte[] message, float[] begun, double[] sums);

    private static ByteBuffer bytes(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer wrap(byte[] message) {
        return ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    }
}
