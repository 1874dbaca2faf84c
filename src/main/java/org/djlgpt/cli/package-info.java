/**
 * The command {@code gpt}: {@link org.djlgpt.cli.Gpt} is where it begins, and here are the commands
 * that use a model or a tokenizer: {@code generate}, {@code eval}, {@code classify}, {@code info},
 * {@code merge}, {@code tokenizer}, {@code attention} and {@code bench}. Those that make one out of
 * data, {@code train} and {@code prepare}, are in {@link org.djlgpt.cli.train}; options that
 * several commands share in {@link org.djlgpt.cli.option}; what a person sees, and hears of a
 * failure, in {@link org.djlgpt.cli.console}.
 *
 * <p>Each command is a thin layer over the library; whoever wants the same in a program reads its
 * {@code call} method. What is public here is so for the other packages of the command, not for
 * programs.
 *
 * <p>Wrong input ends with one line that names the option, its value, the limit and what to do, and
 * with exit code 2. Where the library names a parameter ({@code IllegalParameterException}), the
 * command names its option instead: the one that is kept in a field of the parameter's name.
 *
 * <p>Only these packages print or end the process. They need picocli and progressbar, which the
 * artifact declares as optional.
 *
 * <p>Imports any package of the library.
 */
package org.djlgpt.cli;
