/**
 * The library's fast kernels: functions written as TorchScript source, compiled by libtorch at run
 * time and called like Java methods on {@link ai.djl.ndarray.NDArray}s.
 *
 * <p>The sources lie beside these classes as resources ({@code attention.py}, {@code loss.py} and
 * so on); no Python is needed to build or run them. The language is described in the <a
 * href="https://pytorch.org/docs/2.7/jit_language_reference.html">TorchScript reference</a>.
 *
 * <p>What to choose: {@link org.djlgpt.torch.Kernels} holds the operators of a layer. Like DJL's
 * own operators they record gradients when the thread does, which {@link
 * org.djlgpt.torch.Recording} decides; their results belong to the manager of the first array
 * argument, and they may be called from several threads. {@link org.djlgpt.torch.CacheKernels} keep
 * a cache of keys and values in order, {@link org.djlgpt.torch.BFloat16} converts to and from the
 * half width type that DJL can't name, {@link org.djlgpt.torch.CrossEntropyKernel} is the loss of a
 * language model, {@link org.djlgpt.torch.Gradients} and {@link org.djlgpt.torch.AdamWKernel} are
 * the two halves of a training step, {@link org.djlgpt.torch.UpdateGuard} is what stands between
 * them, {@link org.djlgpt.torch.PlainOperators} leaves the kernels aside to compare with DJL's
 * operators, and {@link org.djlgpt.torch.NativeSettings} makes waiting threads sleep early,
 * unasked, {@link org.djlgpt.torch.Threads} says how many compute, and {@link
 * org.djlgpt.torch.ComputeDevice} on which device, where a program names none.
 *
 * <p>The kernels need arrays of DJL's PyTorch engine: ask {@link org.djlgpt.torch.Kernels#supports}
 * and take DJL's operators where it says no. An argument of the wrong engine, type, shape or device
 * is refused with an {@code IllegalArgumentException} before native code sees it.
 *
 * <p>Extending: an operator is a function in one of the sources and a method of {@code Kernels}
 * that checks its arguments. A package with functions of its own, such as {@code
 * org.djlgpt.decoder}, compiles them with {@link org.djlgpt.torch.TorchScript#of} and checks their
 * arguments with {@link org.djlgpt.torch.Argument}; this package knows no architecture. Operators
 * that some builds of libtorch are without have a source of their own, {@code onednn.py}, and
 * another that stands in for it.
 *
 * <p>On Linux a process that has called a kernel may end while threads compute: C's exit handlers
 * from before that call, libtorch's among them, are left out.
 *
 * <p>Imports DJL only, and JNA, which DJL brings along.
 */
package org.djlgpt.torch;
