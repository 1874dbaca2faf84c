/**
 * The attention ladder: from a dot product to multi-head attention, one class and one new idea a
 * rung.
 *
 * <ol>
 *   <li>{@link org.djlgpt.attention.SimplifiedSelfAttention}: no trainable weights
 *   <li>{@link org.djlgpt.attention.SelfAttentionV1}: queries, keys and values from raw matrices
 *   <li>{@link org.djlgpt.attention.SelfAttentionV2}: the same from linear layers
 *   <li>{@link org.djlgpt.attention.CausalMask} and {@link org.djlgpt.attention.CausalAttention}:
 *       no look into the future, dropout on the weights
 *   <li>{@link org.djlgpt.attention.MultiHeadAttentionWrapper}: several heads side by side
 *   <li>{@link org.djlgpt.attention.MultiHeadAttention}: one projection split into heads; the rung
 *       that GPT-2 is made of
 *   <li>{@link org.djlgpt.attention.GroupedQueryAttention}: queries that share keys and values,
 *       with a {@link org.djlgpt.attention.RotaryEmbedding} for positions; what Llama and its
 *       relatives are made of
 * </ol>
 *
 * <p>A {@link org.djlgpt.attention.KeyValueCache} keeps what the last two rungs have seen of a
 * sequence, so that each further token costs one row of attention instead of all.
 *
 * <p>Extending: a rung extends {@code SelfAttention}, which checks inputs and shows scores and
 * weights; one that a model can be made of extends {@link org.djlgpt.attention.CachedAttention},
 * which adds the cache. Start from {@code MultiHeadAttention}, and add a step to this list. What is
 * computed with arrays alone belongs in {@link org.djlgpt.nn.Functional}.
 *
 * <p>The letters in shapes: B batch, T tokens of a sequence, E embedding width, H heads, G keys and
 * values for them, D width of a head. Scores and weights (.., T, T) have a row per query and a
 * column per key. The formulas follow Vaswani et al., "Attention Is All You Need", 2017, section
 * 3.2.
 *
 * <p>Imports {@code org.djlgpt.torch}, {@code org.djlgpt.nn} and DJL only.
 */
package org.djlgpt.attention;
