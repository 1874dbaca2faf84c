/**
 * What a trained model is given to become an assistant, or a classifier.
 *
 * <p>What to choose:
 *
 * <ul>
 *   <li>{@link org.djlgpt.tuning.ExampleSet} reads files of JSON lines, texts, prompts with
 *       completions, Alpaca's instructions or conversations, and serves them to a training; only
 *       answers count in the loss. A batch is padded, or {@link
 *       org.djlgpt.tuning.ExampleSet#packed} puts several short examples into a row.
 *   <li>{@link org.djlgpt.tuning.Example} is one of them, for those that are made in memory.
 *   <li>A conversation is a list of {@link org.djlgpt.tuning.Message}s; a {@link
 *       org.djlgpt.tuning.ChatTemplate} writes it as the text that a model was trained on. A
 *       template of one's own is a lambda.
 * </ul>
 *
 * <p>Follows the formats of <a href="https://huggingface.co/docs/trl/dataset_formats">TRL</a> and
 * Stanford's <a href="https://github.com/tatsu-lab/stanford_alpaca">Alpaca</a>, and for packing
 * Krell et al., "Efficient Sequence Packing without Cross-contamination", 2021.
 *
 * <p>A classifier learns from {@link org.djlgpt.tuning.LabelledTexts}, which are made of the {@link
 * org.djlgpt.tuning.LabelledText}s of a CSV file or of JSON lines.
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.nn}, {@code org.djlgpt.data}, {@code
 * org.djlgpt.text}, {@code org.djlgpt.jinja}, FastCSV and DJL only.
 */
package org.djlgpt.tuning;
