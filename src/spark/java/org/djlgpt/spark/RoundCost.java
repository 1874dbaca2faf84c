package org.djlgpt.spark;

/**
 * Guesses how long workers exchange parameters in a round, from what was measured: how long Spark
 * takes to run a job that does nothing, and how fast a processor reads, encodes, adds and writes
 * numbers.
 *
 * <p>Each worker reads P parameters of 4 bytes and sends P of the format's; each averages the W-th
 * part of them, for which it gets as many bytes as it sends, reads parameters and velocity, and
 * writes both. All of it goes over a worker's link but the part that it has itself, and through one
 * of its processors. For a narrow format it reads the parameters a second time, to send how they
 * have changed; what that leaves out stays in its memory, which is not counted. The steps, and
 * waiting for the slowest, come on top.
 *
 * <p>Fitted to what two executors of a core took for 124 million parameters in float32, of which a
 * round without parameters takes 0.5 s, it says within a third what a narrow format took: 6.5 s for
 * int8 where 9.3 were measured, 5.5 and 7.9 where 5.2 and 6.2 were the least and the most, and 4.9
 * for bfloat16 where 5.1 were. Fitted to 7.2 s, 1,000 workers with links of 10 Gbit/s and a core
 * for the exchange would take, in seconds:
 *
 * <pre>
 *                 float32  bfloat16  int8
 * 124 million         5.3       5.5   4.8
 * 7 billion           273       284   241
 * </pre>
 *
 * <p>Where fragments take turns, P is the part that is exchanged. So int8 saves time of processors,
 * but nothing of a link to the files, as a change can't be told without reading where it began;
 * bfloat16 saves neither.
 *
 * @param jobSeconds what a round takes without parameters
 * @param bytesPerSecond what a processor handles
 * @param linkBytesPerSecond what a worker's link carries, each way
 */
public record RoundCost(double jobSeconds, double bytesPerSecond, double linkBytesPerSecond) {

    /**
     * Guesses the time of an exchange.
     *
     * @param numbers the parameters P
     * @param workers the workers W, on as many processors
     * @param format how they tell where they arrived
     * @return seconds
     */
    public double seconds(double numbers, int workers, ChangeFormat format) {
        double others = (workers - 1.0) / workers;
        double link = (bytesRead(numbers, format) + bytesSent(numbers, format)) * others;
        return jobSeconds
                + handled(numbers, workers, format) / bytesPerSecond
                + link / linkBytesPerSecond;
    }

    /**
     * Fits the speed of a processor to an exchange that was measured on one machine, where the link
     * does not count.
     *
     * @param jobSeconds what a round takes without parameters
     * @param seconds how long the exchange took
     * @param numbers the parameters
     * @param workers the workers
     * @param format how they told where they arrived
     * @param linkBytesPerSecond the link to guess for
     * @return the costs
     */
    public static RoundCost fitted(
            double jobSeconds,
            double seconds,
            double numbers,
            int workers,
            ChangeFormat format,
            double linkBytesPerSecond) {
        double speed = handled(numbers, workers, format) / (seconds - jobSeconds);
        return new RoundCost(jobSeconds, speed, linkBytesPerSecond);
    }

    private static double handled(double numbers, int workers, ChangeFormat format) {
        double encoded = bytesSent(numbers, format);
        double averaged = bytesSent(numbers, format) + 4.0 * Float.BYTES * numbers / workers;
        return bytesRead(numbers, format) + encoded + averaged;
    }

    /** Where the round began is read to begin there, and again to tell a change from it. */
    private static double bytesRead(double numbers, ChangeFormat format) {
        double once = Float.BYTES * numbers;
        return format == ChangeFormat.FLOAT32 ? once : 2 * once;
    }

    private static double bytesSent(double numbers, ChangeFormat format) {
        return switch (format) {
            case FLOAT32 -> Float.BYTES * numbers;
            case BFLOAT16 -> Short.BYTES * numbers;
            case INT8 -> numbers;
        };
    }
}
