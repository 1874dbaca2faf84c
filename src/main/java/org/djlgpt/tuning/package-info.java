/**
 * What a trained model is given to become an assistant, or a classifier.
 *
 * <p>A conversation is a list of {@link org.djlgpt.tuning.Message}s; a {@link
 * org.djlgpt.tuning.ChatTemplate} writes it as the text that a model was trained on.
 *
 * <p>A classifier learns from {@link org.djlgpt.tuning.LabelledTexts}, which are made of the {@link
 * org.djlgpt.tuning.LabelledText}s of a CSV file or of JSON lines.
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.nn}, {@code org.djlgpt.data}, {@code
 * org.djlgpt.text}, FastCSV and DJL only.
 */
package org.djlgpt.tuning;
