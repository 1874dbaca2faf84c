/**
 * Models made ready to write text: the same weights in float32, 16, 8 or 4 bits, a key/value cache,
 * and all layers of a family in one TorchScript function.
 *
 * <p>What to choose: {@link org.djlgpt.decoder.GptDecoder} with a {@link
 * org.djlgpt.decoder.GptCache}, which is what {@code org.djlgpt.generation} writes with; {@link
 * org.djlgpt.decoder.StatelessDecoder} where the caller keeps keys and values, as DJL's own text
 * generator does; {@link org.djlgpt.decoder.WeightPrecision} says what weights are kept in, and
 * {@link org.djlgpt.decoder.KernelChoice} how they are multiplied on a device.
 *
 * <p>Extending: a family is a source in the resources of this package, such as {@code gpt2.py},
 * with two functions, {@code decode_FAMILY} and {@code extend_FAMILY}, that give names and shapes
 * to their weights; and a subclass of {@code DecoderKernel}, such as {@code Gpt2Kernel}, that lists
 * the weights of a model in that order. What families share is in {@code decoder.py}.
 *
 * <p>Imports {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code org.djlgpt.attention}, {@code
 * org.djlgpt.model} and DJL only.
 */
package org.djlgpt.decoder;
