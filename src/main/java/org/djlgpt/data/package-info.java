/**
 * What a training learns from: token ids, served in batches.
 *
 * <p>What to choose:
 *
 * <ul>
 *   <li>{@link org.djlgpt.data.Tokens#of} keeps token ids in memory; {@link
 *       org.djlgpt.data.TokenFile} writes them to a file and maps it, in the formats of nanoGPT and
 *       llm.c, and may be larger than memory.
 *   <li>{@link org.djlgpt.data.TokenWindows} is the DJL dataset over either; {@link
 *       org.djlgpt.data.SeededShuffle} is the order that it is read in for training.
 *   <li>What else a training can learn from implements {@link org.djlgpt.data.TrainingSet}, as the
 *       sets of {@code org.djlgpt.tuning} do.
 * </ul>
 *
 * <p>In shapes, {@code B} is the number of things in a batch and {@code T} the most tokens that one
 * has.
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.nn} and DJL only.
 */
package org.djlgpt.data;
