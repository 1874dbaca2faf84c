package org.djlgpt.spark;

import java.io.Serializable;

/**
 * What becomes of the parameters from which all workers began a round, given those at which they
 * arrived: a step of Nesterov's momentum against the mean change, as PyTorch's SGD takes it
 * (Douillard et al., "DiLoCo: Distributed Low-Communication Training of Language Models", 2023,
 * arXiv 2311.08105, algorithm 1).
 *
 * @param rate the outer learning rate
 * @param momentum the outer momentum
 */
record OuterStep(double rate, double momentum) implements Serializable {

    /**
     * Takes the step in place.
     *
     * @param parameters those from which the workers began
     * @param mean the mean of those at which they arrived
     * @param velocity the running sum of the changes
     */
    void apply(float[] parameters, double[] mean, float[] velocity) {
        for (int i = 0; i < parameters.length; i++) {
            double change = parameters[i] - mean[i];
            double speed = momentum * velocity[i] + change;
            velocity[i] = (float) speed;
            // parameters - rate * (change + momentum * speed), and the mean itself for 1 and 0
            parameters[i] = (float) (mean[i] + (1 - rate) * change - rate * momentum * speed);
        }
    }
}
