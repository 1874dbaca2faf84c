/**
 * Models on disk, in the form that Hugging Face's transformers reads and writes.
 *
 * <p>{@link org.djlgpt.checkpoint.ModelDirectory} saves and loads a folder: GPT-2, Llama, Mistral,
 * Qwen2 and Qwen3, in one file or several, in float32, float16 or bfloat16, with the tokenizer. A
 * file that is malformed, contradicts another, or asks for what is not computed is refused by name;
 * fields that have no part in the computation are kept for other readers.
 *
 * <p>{@link org.djlgpt.checkpoint.AdapterDirectory} does the same for low-rank adapters, in the
 * form of PEFT; the formats name what is adapted, too. {@link
 * org.djlgpt.checkpoint.ClassifierDirectory} is for models that say which label a text has.
 *
 * <p>Extending: a format implements {@code ModelFormat} and is entered in its list. It reads and
 * writes the fields of {@code config.json} and names the tensors of a model; start from {@code
 * LlamaFormat}. Reading, checking, sharding, and replacing a folder as a whole are the same for
 * all.
 *
 * <p>The layouts are those of <a
 * href="https://huggingface.co/docs/transformers/main_classes/model">PreTrainedModel</a> and <a
 * href="https://huggingface.co/docs/safetensors">safetensors</a>.
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code
 * org.djlgpt.attention}, {@code org.djlgpt.text}, {@code org.djlgpt.tuning}, {@code
 * org.djlgpt.model}, {@code org.djlgpt.decoder}, Gson and DJL only.
 */
package org.djlgpt.checkpoint;
