/**
 * What PyTorch has and Deep Java Library lacks: layers whose parameters are drawn as PyTorch draws
 * them, GPT-2's activation and initialization, and an AdamW that follows PyTorch's formula.
 *
 * <p>Choose a layer from here when its initial values must follow from a seed as they do in
 * PyTorch; DJL's own blocks (layer normalization, dropout) already agree with PyTorch and are used
 * as they are.
 *
 * <p>Imports {@code org.djlgpt.torch} and DJL only.
 */
package org.djlgpt.nn;
