/**
 * What a trained model is given to become an assistant.
 *
 * <p>A conversation is a list of {@link org.djlgpt.tuning.Message}s; a {@link
 * org.djlgpt.tuning.ChatTemplate} writes it as the text that a model was trained on.
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.nn}, {@code org.djlgpt.data}, {@code
 * org.djlgpt.text}, {@code org.djlgpt.jinja} and DJL only.
 */
package org.djlgpt.tuning;
