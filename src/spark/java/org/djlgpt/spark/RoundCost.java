package org.djlgpt.spark;

/**
 * Guesses how long workers exchange parameters in a round, from what was measured: how long Spark
 * takes to run a job that does nothing, and how fast a processor reads, encodes, adds and writes
 * numbers.
 *
 * <p>Each worker reads P parameters of 4 bytes and sends P of the format's; each averages the W-th
 * part of them, for which it gets as many bytes as it sends, reads parameters and velocity, and
 * writes both. All of it goes over a worker's link but the part that it has itself, and through one
 * of its processors. What a narrow format leaves out is read and written beside it. The steps, and
 * waiting for the slowest, come on top.
 *
 * <p>Fitted to two executors of a core with 124 million parameters (7.2 s in float32, of which a
 * round without parameters takes 0.5; it then says 9.2 for int8, where 9.3 were measured; of
 * another processor, fitted to its 4.9 s, it says 6.7 for bfloat16, where 5.1 were measured), 1,000
 * workers with links of 10 Gbit/s and a core for the exchange would take, in seconds:
 *
 * <pre>
 *                 float32  bfloat16  int8
 * 124 million         5.3       7.8   7.0
 * 7 billion           273       414   370
 * </pre>
 *
 * <p>Where fragments take turns, P is the part that is exchanged. So a narrow format pays where the
 * link is slower, or a worker has more cores.
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
        double received = Float.BYTES * numbers * others;
        double link = received + bytesSent(numbers, format) * others;
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
        double read = Float.BYTES * numbers;
        double residual = 3 * read; // with where the round began, to be read, and it to be written
        double encoded =
                bytesSent(numbers, format) + (format == ChangeFormat.FLOAT32 ? 0 : residual);
        double averaged = bytesSent(numbers, format) + 4.0 * Float.BYTES * numbers / workers;
        return read + encoded + averaged;
    }

    private static double bytesSent(double numbers, ChangeFormat format) {
        return switch (format) {
            case FLOAT32 -> Float.BYTES * numbers;
            case BFLOAT16 -> Short.BYTES * numbers;
            case INT8 -> numbers;
        };
    }
}
