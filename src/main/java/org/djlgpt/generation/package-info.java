/**
 * Writing text with a trained model: a {@link org.djlgpt.generation.Sampler} chooses the next token
 * from logits, {@link org.djlgpt.generation.TokenGenerator} repeats that, in a {@link
 * org.djlgpt.generation.Decoding} for each batch of sequences, and {@link
 * org.djlgpt.generation.TextGenerator} goes from text to text.
 *
 * <p>A key/value cache is used by itself. Where a sequence outgrows the model's context, the model
 * sees a window of it that moves on by a quarter of the context at a time.
 *
 * <p>Imports {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code org.djlgpt.model}, {@code
 * org.djlgpt.text} and DJL only.
 */
package org.djlgpt.generation;
