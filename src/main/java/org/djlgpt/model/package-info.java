/**
 * The GPT: {@link org.djlgpt.model.GptConfig} says how large, {@link org.djlgpt.model.GptModel} is
 * the network, made of {@link org.djlgpt.model.TransformerBlock}s, and {@link
 * org.djlgpt.checkpoint.ModelDirectory} keeps both in a Hugging Face GPT-2 directory. To write text,
 * {@link org.djlgpt.model.GptDecoder} computes the same from a key/value cache, in float32,
 * bfloat16 or int8, and {@link org.djlgpt.model.StatelessDecoder} does so from keys and values that
 * the caller keeps.
 *
 * <p>The letters in shapes: B batch, T tokens of a sequence, E embedding width. The architecture is
 * that of Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.3:
 * learnt position embeddings, pre-norm blocks, a final norm.
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code
 * org.djlgpt.attention}, {@code org.djlgpt.text}, Gson and DJL only.
 */
package org.djlgpt.model;
