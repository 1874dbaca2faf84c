/**
 * What PyTorch has and Deep Java Library lacks: layers whose parameters are drawn as PyTorch draws
 * them, autocast, a loss over whole sequences and an AdamW in PyTorch's formula.
 *
 * <p>What to choose: {@link org.djlgpt.nn.Linear}, {@link org.djlgpt.nn.Embedding}, {@link
 * org.djlgpt.nn.LayerNorm}, {@link org.djlgpt.nn.RmsNorm} and {@link
 * org.djlgpt.nn.ActivationFunction} where initial values must follow from a seed as they do in
 * PyTorch, or where DJL's defaults differ (its layer normalization mixes tokens, its GELU is the
 * exact form); {@link org.djlgpt.nn.Layers} to say how all layers of a model are made, with GPT-2's
 * first values for instance, or with a low-rank adapter, {@link org.djlgpt.nn.LoraLinear}; {@link
 * org.djlgpt.nn.Functional} for the same on arrays; {@link org.djlgpt.nn.Autocast} for bfloat16;
 * {@link org.djlgpt.nn.FusedAdamW} and {@link org.djlgpt.nn.CrossEntropy} with any training loop,
 * DJL's included.
 *
 * <p>To write a block of your own in this style, extend {@link org.djlgpt.nn.TensorBlock}: it
 * checks the input and frees intermediate arrays, and {@link org.djlgpt.nn.Pass} sends an array
 * through blocks. {@link org.djlgpt.nn.Scalar} is for numbers that autograd must be able to keep,
 * and {@link org.djlgpt.nn.DeferredChecks} for a training step of your own that must not wait for a
 * GPU. {@link org.djlgpt.nn.IllegalParameterException} refuses a value by the parameter's name.
 *
 * <p>Imports {@code org.djlgpt.torch} and DJL only.
 */
package org.djlgpt.nn;
