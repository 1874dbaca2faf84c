/**
 * The library's fast kernels: functions written as TorchScript source, compiled by libtorch at run
 * time and called like Java methods on {@link ai.djl.ndarray.NDArray}s.
 *
 * <p>The sources lie beside these classes as resources ({@code attention.py}, {@code loss.py} and
 * so on); no Python is needed to build or run them. The language is described in the <a
 * href="https://pytorch.org/docs/2.7/jit_language_reference.html">TorchScript reference</a>.
 *
 * <p>What to choose: {@link org.djlgpt.torch.Kernels} holds the operators of a layer. Like DJL's
 * own operators they record gradients when a gradient collector is open on the thread and don't
 * otherwise, their results belong to the manager of the first array argument, and they may be
 * called from several threads. {@link org.djlgpt.torch.BFloat16} converts to and from the half
 * width type that DJL can't name, {@link org.djlgpt.torch.CrossEntropyKernel} is the loss of a
 * language model, {@link org.djlgpt.torch.Gradients} and {@link org.djlgpt.torch.FusedAdamW} are
 * the two halves of a training step, {@link org.djlgpt.torch.Recording} says which operators take
 * part in it, and {@link org.djlgpt.torch.NativeSettings} keeps their memory in the process.
 *
 * <p>Everything here needs arrays of DJL's PyTorch engine: ask {@link
 * org.djlgpt.torch.Kernels#supports} and take DJL's operators where it says no. An argument of the
 * wrong engine, type, shape or device is refused with an {@code IllegalArgumentException} before
 * native code sees it.
 *
 * <p>Imports DJL only, and JNA, which DJL brings along.
 */
package org.djlgpt.torch;
