package org.djlgpt.plot;

/**
 * A loss that a run should beat.
 *
 * @param label its name in the legend
 * @param loss in nats per token
 */
record Baseline(String label, double loss) {}
