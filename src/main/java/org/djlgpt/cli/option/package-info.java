/**
 * Options that several commands share, and what they name: the folder of a model with or without an
 * adapter ({@link org.djlgpt.cli.option.ModelFolder}), a device, what weights are kept in, a
 * prompt, files of text and files of tokens, what tokens are, how messages are written.
 *
 * <p>Each class of options is mixed into a command, which asks it for what was given: a model, a
 * tokenizer, a corpus. It refuses what can't be, with the option's name, the limit and the remedy.
 * {@link org.djlgpt.cli.option.MemoryLimit} refuses what the machine can't hold.
 *
 * <p>Imports any package of the library, but no command.
 */
package org.djlgpt.cli.option;
