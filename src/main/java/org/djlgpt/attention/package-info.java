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
 *       to choose for a GPT-2
 *   <li>{@link org.djlgpt.attention.GroupedQueryAttention}: queries that share keys, a {@link
 *       org.djlgpt.attention.RotaryEmbedding} that tells positions, a window; the rung to choose
 *       for a Llama and its relatives
 * </ol>
 *
 * <p>A {@link org.djlgpt.attention.KeyValueCache} keeps what one of the last two rungs has seen of
 * a sequence, so that each further token costs one row of attention instead of all.
 *
 * <p>The letters in shapes: B batch, T tokens of a sequence, E embedding width, H heads, D width of
 * a head. Scores and weights (.., T, T) have a row per query and a column per key. The formulas
 * follow Vaswani et al., "Attention Is All You Need", 2017, section 3.2.
 *
 * <p>Imports {@code org.djlgpt.torch}, {@code org.djlgpt.nn} and DJL only.
 */
package org.djlgpt.attention;
