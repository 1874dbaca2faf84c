/**
 * Writing with a trained model, token by token: a {@link org.djlgpt.generation.Sampler} chooses the
 * next one from logits, a {@link org.djlgpt.generation.Decoding} repeats that for a batch of
 * sequences, and what the tokens say becomes text.
 *
 * <p>What to choose:
 *
 * <ul>
 *   <li>{@link org.djlgpt.generation.TextGenerator} goes from text to text: one, several side by
 *       side, or piece by piece while it grows;
 *   <li>{@link org.djlgpt.generation.Chat} is a conversation through a model's chat template;
 *   <li>{@link org.djlgpt.generation.TokenGenerator} does so with token ids, for who has no
 *       tokenizer or wants to look at each step;
 *   <li>{@link org.djlgpt.generation.TextService} writes for many who ask at any time, what a
 *       server is built on;
 *   <li>{@link org.djlgpt.generation.Draft} guesses ahead, for a text that is written alone, from
 *       the text itself or as a {@link org.djlgpt.generation.DraftModel};
 *   <li>{@link org.djlgpt.generation.GptModelZoo} is a model folder for DJL's {@code Criteria} and
 *       {@code Predictor}, {@link org.djlgpt.generation.TextTranslator} a generator for a {@code
 *       Predictor} of your own;
 *   <li>{@link org.djlgpt.generation.CausalTranslator}, around a {@link
 *       org.djlgpt.decoder.StatelessDecoder}, is for DJL's own text generation (greedy, beam and
 *       contrastive search).
 * </ul>
 *
 * <p>Texts, streams and ids go through the same loop, a stream as a batch of one, so that the same
 * seed gives the same text in each. Sequences of a batch come, end and go separately; the chance of
 * each is its own. A key/value cache is used by itself. Where a sequence outgrows the model's
 * context, the model sees a window of it that moves on by a quarter of the context at a time;
 * positions are counted from the window's start and everything in it is computed again, whether
 * positions are learned or rotated.
 *
 * <p>Extending: a sampler is one method, from logits, the tokens before and a {@link
 * org.djlgpt.generation.Draw} to a token for each row; wrap another one to change its scores, as
 * the default methods of {@code Sampler} do. Another way to end a text is the listener of {@link
 * org.djlgpt.generation.TokenGenerator#generate}.
 *
 * <p>The ways of choosing are those of Fan et al. 2018 (top-k), Keskar et al. 2019 (repetition
 * penalty), Holtzman et al. 2020 (top-p) and Nguyen et al. 2024 (min-p), guesses those of Saxena
 * 2023 (prompt lookup) and Leviathan et al. 2023, batches that change those of Yu et al., "Orca",
 * 2022, with the numbers of <a
 * href="https://huggingface.co/docs/transformers/internal/generation_utils">transformers</a>.
 *
 * <p>May import {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code org.djlgpt.text}, {@code
 * org.djlgpt.tuning}, {@code org.djlgpt.model}, {@code org.djlgpt.decoder}, {@code
 * org.djlgpt.checkpoint} and DJL only.
 */
package org.djlgpt.generation;
