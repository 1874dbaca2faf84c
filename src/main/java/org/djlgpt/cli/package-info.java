/**
 * The command {@code gpt}: {@code train}, {@code prepare}, {@code generate}, {@code eval}, {@code
 * classify}, {@code info}, {@code merge}, {@code tokenizer}, {@code attention} and {@code bench}.
 * Each command is a thin layer over the library; whoever wants the same in a program reads its
 * {@code call} method.
 *
 * <p>Options that commands share are classes of their own, mixed in: the model's folder, the
 * device, the text and what its tokens are, the sampling, the model to train and how. An option of
 * {@code train} is part of its run and travels with the checkpoints by itself; whether it may be
 * another when a run resumes is said in one place, {@code RunOptions}. A further family of models
 * is a value of {@code --family}, the options that it takes alone, and what {@code info} says of
 * it.
 *
 * <p>What a training learns is a {@code Lesson}: a text, examples, labels or preferences; a further
 * kind is another one, and an option of {@code LessonOptions}.
 *
 * <p>Wrong input ends with one line that names the option, its value, the limit and what to do, and
 * with exit code 2. Where the library names a parameter ({@code IllegalParameterException}), the
 * command names its option instead: the one that is kept in a field of the parameter's name.
 *
 * <p>Only this package prints or ends the process. It needs picocli and progressbar, which the
 * artifact declares as optional.
 *
 * <p>Imports any package of the library.
 */
package org.djlgpt.cli;
