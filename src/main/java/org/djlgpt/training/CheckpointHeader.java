package org.djlgpt.training;

import ai.djl.MalformedModelException;

import org.djlgpt.training.LearningRateSchedule.Decay;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a checkpoint says besides its tensors, as texts by name. A {@code double} as text and back
 * is the same to the bit.
 *
 * @param state where the training stands
 * @param plan how the model is trained
 * @param trainingData the fingerprint of the windows to train on
 * @param validationData the fingerprint of the windows held out
 * @param frozen the fingerprint of the parameters that stay as they are; empty if there is none
 * @param notes the caller's
 */
record CheckpointHeader(
        TrainingState state,
        TrainingPlan plan,
        String trainingData,
        String validationData,
        String frozen,
        Map<String, String> notes) {

    private static final String STATE = "state.";
    private static final String CONFIG = "config.";
    private static final String NOTE = "note.";
    private static final String TRAINING_DATA = "data.training";
    private static final String VALIDATION_DATA = "data.validation";
    private static final String FROZEN = "model.frozen";

    /** What checkpoints of earlier versions do not have, as it was then. */
    private static final Map<String, String> ADDED =
            Map.of(
                    STATE + "tokens",
                    "0",
                    STATE + "sinceBest",
                    "0",
                    CONFIG + "workers",
                    "1",
                    CONFIG + "schedule",
                    "COSINE",
                    CONFIG + "patience",
                    "0",
                    FROZEN,
                    "");

    Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        values(state).forEach((name, value) -> texts.put(STATE + name, value));
        values(plan).forEach((name, value) -> texts.put(CONFIG + name, value));
        texts.put(TRAINING_DATA, trainingData);
        texts.put(VALIDATION_DATA, validationData);
        texts.put(FROZEN, frozen);
        notes.forEach((name, value) -> texts.put(NOTE + name, value));
        return texts;
    }

    /**
     * Reads the texts back.
     *
     * @throws MalformedModelException if one is missing or no value of its kind
     */
    static CheckpointHeader of(Map<String, String> texts) throws MalformedModelException {
        Map<String, String> notes = new LinkedHashMap<>();
        texts.forEach(
                (name, value) -> {
                    if (name.startsWith(NOTE)) {
                        notes.put(name.substring(NOTE.length()), value);
                    }
                });
        Map<String, String> all = new LinkedHashMap<>(ADDED);
        all.putAll(texts);
        return new CheckpointHeader(
                record(TrainingState.class, STATE, all),
                record(TrainingPlan.class, CONFIG, all),
                text(texts, TRAINING_DATA),
                text(texts, VALIDATION_DATA),
                text(all, FROZEN),
                notes);
    }

    /** Returns the values of a record by name. */
    static Map<String, String> values(Record values) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (RecordComponent component : values.getClass().getRecordComponents()) {
            try {
                texts.put(component.getName(), component.getAccessor().invoke(values).toString());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(component + " can't be read", e);
            }
        }
        return texts;
    }

    private static <R extends Record> R record(
            Class<R> type, String prefix, Map<String, String> texts)
            throws MalformedModelException {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        for (int i = 0; i < values.length; i++) {
            String name = prefix + components[i].getName();
            values[i] = value(components[i].getType(), name, text(texts, name));
        }
        try {
            Class<?>[] types =
                    Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException e) {
            throw new MalformedModelException(e.getCause().getMessage(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " can't be made", e);
        }
    }

    private static Object value(Class<?> type, String name, String text)
            throws MalformedModelException {
        try {
            if (type == int.class) {
                return Integer.valueOf(text);
            }
            return type.isEnum() ? Decay.valueOf(text) : Double.valueOf(text);
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException("%s='%s' is no %s".formatted(name, text, type), e);
        }
    }

    private static String text(Map<String, String> texts, String name)
            throws MalformedModelException {
        String text = texts.get(name);
        if (text == null) {
            throw new MalformedModelException("%s is missing".formatted(name));
        }
        return text;
    }
}
