/**
 * What a person sees of a command, and hears of a failure.
 *
 * <p>{@link org.djlgpt.cli.console.Output} prints, alike in every locale and for as long as someone
 * reads; {@link org.djlgpt.cli.console.Terminal} tells what the process is connected to; {@link
 * org.djlgpt.cli.console.Meter} shows how far something is, in the {@link
 * org.djlgpt.cli.console.BottomLine} of a terminal or in lines now and then. {@link
 * org.djlgpt.cli.console.Failures} makes a sentence and an exit code of what went wrong, {@link
 * org.djlgpt.cli.console.OptionNames} the name of an option of that of a parameter, and {@link
 * org.djlgpt.cli.console.Launch} a line to type next. {@link org.djlgpt.cli.console.Syntax} is how
 * the words of a line are read.
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.nn} and {@code org.djlgpt.training}, for what
 * they throw.
 */
package org.djlgpt.cli.console;
