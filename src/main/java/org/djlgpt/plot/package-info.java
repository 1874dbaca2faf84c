/**
 * Pictures for reports, papers and notebooks, on white paper or on a dark screen.
 *
 * <p>{@link org.djlgpt.plot.AttentionHeatmap} draws what attention heads look at, {@link
 * org.djlgpt.plot.Distribution} bars side by side, {@link org.djlgpt.plot.LineChart} functions,
 * {@link org.djlgpt.plot.LossCurve} how a run learned, or is learning. Each is a {@link
 * org.djlgpt.plot.Picture}: an image, a PNG file or an SVG file. {@link
 * org.djlgpt.plot.AttentionPage} is for exploring attention in a browser.
 *
 * <p>{@link org.djlgpt.plot.PlotTheme} gives every picture its colors. Lines and bars have Okabe
 * and Ito's, which the color-blind can tell apart, and no two lines differ by color alone; weights
 * have a scale of even steps in lightness.
 *
 * <p>Plots need no display, but they need a font: on a bare Linux, fontconfig and one such as
 * DejaVu. Where there is a display, AWT may connect to it, and on macOS shows an icon in the dock;
 * to avoid that, an application sets {@code java.awt.headless} to {@code true}, by {@code -D} or
 * {@code System.setProperty}, before anything uses AWT. No class here sets it.
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.nn}, DJL's arrays, Batik's SVG writer, Gson
 * and the JDK's desktop and XML modules only.
 */
package org.djlgpt.plot;
