package org.djlgpt.io;

import ai.djl.ndarray.types.Shape;

/**
 * One entry of a safetensors header.
 *
 * @param name the tensor's name
 * @param type its element type
 * @param shape its shape; empty for a scalar
 * @param begin where its bytes begin, counted from the start of the data
 * @param end where they end, exclusive
 */
record StoredTensor(String name, StoredType type, Shape shape, long begin, long end) {}
