/**
 * GPTs of several families: a configuration says how large and names the parts, and {@link
 * org.djlgpt.model.GptModel} is the network, made of {@link org.djlgpt.model.TransformerBlock}s.
 *
 * <p>What to choose: {@link org.djlgpt.model.Gpt2Config} for the textbook model (Radford et al.,
 * "Language Models are Unsupervised Multitask Learners", 2019, section 2.3), {@link
 * org.djlgpt.model.LlamaConfig} for what most open models of today are made of (Touvron et al.,
 * "Llama 2", 2023, section 2.2). {@code parts} of each shows at a glance what that is:
 *
 * <table>
 *   <caption>Parts of the families</caption>
 *   <tr><th>part</th><th>GPT-2</th><th>Llama and its relatives</th></tr>
 *   <tr><td>positions</td><td>{@link org.djlgpt.model.PositionEmbedding}</td>
 *       <td>in attention: {@link org.djlgpt.attention.RotaryEmbedding}</td></tr>
 *   <tr><td>norm</td><td>{@link org.djlgpt.nn.LayerNorm}</td>
 *       <td>{@link org.djlgpt.nn.RmsNorm}</td></tr>
 *   <tr><td>attention</td><td>{@link org.djlgpt.attention.MultiHeadAttention}</td>
 *       <td>{@link org.djlgpt.attention.GroupedQueryAttention}</td></tr>
 *   <tr><td>feed-forward</td><td>{@link org.djlgpt.model.FeedForward}</td>
 *       <td>{@link org.djlgpt.model.GatedFeedForward}</td></tr>
 * </table>
 *
 * <p>What is below the head is {@link org.djlgpt.model.GptTrunk}, of which parts can be frozen. A
 * {@link org.djlgpt.model.SequenceClassifier} has another head on it, with logits for labels
 * instead of tokens.
 *
 * <p>{@link org.djlgpt.model.Lora} puts low-rank adapters on a model of either family, which stays
 * as it is, and merges them with it.
 *
 * <p>Extending: a family is a record that implements {@link org.djlgpt.model.GptConfig}; start from
 * {@code LlamaConfig}. Its {@code parts} hand existing blocks, or new ones, to the same transformer
 * block. What it looks like on disk is a format in {@code org.djlgpt.checkpoint}, and how it writes
 * fast a kernel and its source in {@code org.djlgpt.decoder}; training and evaluation need nothing.
 *
 * <p>The letters in shapes: B batch, T tokens of a sequence, E embedding width, V vocabulary.
 *
 * <p>Imports {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code org.djlgpt.attention} and DJL
 * only.
 */
package org.djlgpt.model;
