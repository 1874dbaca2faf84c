/**
 * Writing text with a trained model: a {@link org.djlgpt.generation.Sampler} chooses the next token
 * from logits, {@link org.djlgpt.generation.TokenGenerator} repeats that, in a {@link
 * org.djlgpt.generation.Decoding} for each batch of sequences, and {@link
 * org.djlgpt.generation.TextGenerator} goes from text to text.
 *
 * <p>A key/value cache is used by itself. Where a sequence outgrows the model's context, the model
 * sees a window of it that moves on by a quarter of the context at a time.
 *
 * <p>For DJL's {@code Criteria} and {@code Predictor} a model folder is a {@link
 * org.djlgpt.generation.GptModelZoo}. DJL's own text generation (greedy, beam and contrastive
 * search) runs on a {@link org.djlgpt.decoder.StatelessDecoder} by way of a {@link
 * org.djlgpt.generation.CausalTranslator}.
 *
 * <p>Imports {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code org.djlgpt.model}, {@code
 * org.djlgpt.text} and DJL only.
 */
package org.djlgpt.generation;
