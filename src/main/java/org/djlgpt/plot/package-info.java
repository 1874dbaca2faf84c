/**
 * Loss curves as images, for reports, papers and notebooks.
 *
 * <p>{@link org.djlgpt.plot.LossCurve} draws how a run learned; {@link org.djlgpt.plot.PlotTheme}
 * gives every plot its colors, on white paper or on a dark screen. The colors are Okabe and Ito's,
 * which the color-blind can tell apart, and no two lines differ by color alone.
 *
 * <p>Plots need no display, but they need a font: on a bare Linux, fontconfig and one such as
 * DejaVu. Where there is a display, AWT may connect to it, and on macOS shows an icon in the dock;
 * to avoid that, an application sets {@code java.awt.headless} to {@code true}, by {@code -D} or
 * {@code System.setProperty}, before anything uses AWT. No class here sets it.
 *
 * <p>Imports {@code org.djlgpt.io}, XChart and the JDK's desktop module only.
 */
package org.djlgpt.plot;
