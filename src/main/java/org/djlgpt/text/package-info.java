/**
 * Text on its way to a model: read, cut into tokens, stored, and served in windows.
 *
 * <p>What to choose:
 *
 * <ul>
 *   <li>{@link org.djlgpt.text.Corpus} reads a file or a folder of UTF-8 text.
 *   <li>{@link org.djlgpt.text.CharTokenizer} learns one id per character and suits small models
 *       and small texts; {@link org.djlgpt.text.Gpt2Tokenizer} is byte-pair encoding, with GPT-2's
 *       50,257 ids or any other vocabulary in GPT-2's files; {@link
 *       org.djlgpt.text.PretrainedTokenizer} is that of a trained model's {@code tokenizer.json},
 *       such as Llama's, Qwen's or SmolLM's, and needs {@code ai.djl.huggingface:tokenizers} on the
 *       class path. {@link org.djlgpt.text.Tokenizer#load} opens whichever of them a model folder
 *       holds; one of your own implements {@link org.djlgpt.text.Tokenizer}.
 *   <li>{@link org.djlgpt.text.Tokens#of} keeps token ids in memory; {@link
 *       org.djlgpt.text.TokenFile} maps a file of 16-bit ids, as nanoGPT writes it, and may be
 *       larger than memory.
 *   <li>{@link org.djlgpt.text.TokenWindows} is the DJL dataset over either; {@link
 *       org.djlgpt.text.SeededShuffle} is the order that it is read in for training.
 * </ul>
 *
 * <p>In shapes, {@code B} is the number of windows in a batch and {@code T} the context length.
 *
 * <p>Imports {@code org.djlgpt.io}, DJL, its Hugging Face tokenizers, Gson and jtokkit only.
 */
package org.djlgpt.text;
