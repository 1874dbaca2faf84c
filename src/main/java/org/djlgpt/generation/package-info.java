/**
 * Writing text with a trained model: a {@link org.djlgpt.generation.Sampler} chooses the next token
 * from logits, {@link org.djlgpt.generation.TokenGenerator} repeats that, and {@link
 * org.djlgpt.generation.TextGenerator} goes from text to text.
 *
 * <p>Imports {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code org.djlgpt.model}, {@code
 * org.djlgpt.text} and DJL only.
 */
package org.djlgpt.generation;
