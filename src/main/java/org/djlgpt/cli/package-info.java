/**
 * The command {@code gpt}: {@code train}, {@code generate}, {@code eval}, {@code info}, {@code
 * attention} and {@code bench}. Each command is a thin layer over the library; whoever wants the
 * same in a program reads its {@code call} method.
 *
 * <p>Only this package prints or ends the process. It needs picocli and progressbar, which the
 * artifact declares as optional.
 *
 * <p>Imports any package of the library.
 */
package org.djlgpt.cli;
