/**
 * Text on its way to a model: read, and cut into tokens.
 *
 * <p>What to choose:
 *
 * <ul>
 *   <li>{@link org.djlgpt.text.Corpus} is the text: documents in memory, or those of files and
 *       folders, plain, packed or in JSON lines, read when they are needed. Its {@code encode}
 *       keeps the ids in memory; a {@link org.djlgpt.text.CorpusEncoder} gives them piece after
 *       piece, from several threads, for more text than memory holds.
 *   <li>{@link org.djlgpt.text.CharTokenizer} learns one id per character and suits small models
 *       and small texts; {@link org.djlgpt.text.Gpt2Tokenizer} is byte-pair encoding, with GPT-2's
 *       50,257 ids or any other vocabulary in GPT-2's files, such as one that a {@link
 *       org.djlgpt.text.BytePairTrainer} has learnt from texts of one's own; {@link
 *       org.djlgpt.text.PretrainedTokenizer} is that of a trained model's {@code tokenizer.json},
 *       such as Llama's, Qwen's or SmolLM's, and needs {@code ai.djl.huggingface:tokenizers} on the
 *       class path. {@link org.djlgpt.text.Tokenizer#load} opens whichever of them a model folder
 *       holds; one of your own implements {@link org.djlgpt.text.Tokenizer}, and says with {@link
 *       org.djlgpt.text.Tokenizer#maySplit} where a long text may be cut.
 *   <li>{@link org.djlgpt.text.JsonLines} reads what is no plain text: objects, one a line, as the
 *       examples of {@code org.djlgpt.tuning} are.
 * </ul>
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.nn}, {@code org.djlgpt.data}, DJL, its
 * Hugging Face tokenizers, Gson and jtokkit only.
 */
package org.djlgpt.text;
