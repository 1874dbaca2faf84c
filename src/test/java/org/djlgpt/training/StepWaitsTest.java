package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.Method;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.StackFrame;
import com.sun.jdi.StringReference;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.LaunchingConnector;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.ClassPrepareEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.event.VMDisconnectEvent;
import com.sun.jdi.request.BreakpointRequest;
import com.sun.jdi.request.ClassPrepareRequest;
import com.sun.jdi.request.EventRequest;

import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.model.Lora;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.FusedAdamW;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.testing.Waits;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How often the host reads what a device has computed in a step of training, which on a GPU waits
 * for it, and how many arrays it sends. Steps run in a process of their own, where this one, as its
 * debugger, sees every call that does either.
 */
@Timeout(120)
class StepWaitsTest {

    private static final int WORDS = 20;
    private static final int CONTEXT = 8;
    private static final int ROWS = 2;
    private static final String BETWEEN = "";

    /** What copies from a device in the engine, or asks how large something is that it holds. */
    private static final List<String> READS =
            List.of("getByteBuffer", "contentEqual", "nonZeros", "booleanMask");

    private static final String SENDS = "createNdFromByteBuffer";

    private static Map<String, Traffic> watched;

    /** What in this library has an array read or sent, call by call. */
    private record Traffic(List<String> reads, List<String> sends) {

        Traffic() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        void add(String method, String caller) {
            (method.equals(SENDS) ? sends : reads).add(caller);
        }
    }

    /** Counting reads what is still on the host. */
    private static final String COUNT = "NextToken.count";

    private static final String END = "TrainingStep.numbers";

    @ParameterizedTest
    @MethodSource("steps")
    void aStepReadsNothingBeforeItsEndAndSendsNothingButItsBatches(
            String step, List<String> reads, int arrays) {
        Traffic traffic = watched.get(step);

        assertEquals(reads, traffic.reads());
        assertEquals(Collections.nCopies(arrays, "Steps.array"), traffic.sends());
    }

    private static Stream<Arguments> steps() {
        List<String> packed =
                ComputeDevice.get().isGpu()
                        ? List.of(COUNT, END)
                        : List.of(COUNT, "Positions.requireSequences", END);
        return Stream.of(
                Arguments.of("plain", List.of(COUNT, END), 2),
                Arguments.of("clipped", List.of(COUNT, END), 2),
                Arguments.of("three batches", List.of(COUNT, COUNT, COUNT, END), 6),
                Arguments.of("dropout", List.of(COUNT, END), 2),
                Arguments.of("Llama", List.of(COUNT, END), 2),
                Arguments.of("packed", packed, 3),
                Arguments.of("bfloat16", List.of(COUNT, END), 2),
                Arguments.of("labels", List.of(END), 2),
                Arguments.of("preferences", List.of(END), 2),
                Arguments.of("DJL's loss and optimizer", List.of("Steps.stepOfDjl"), 2));
    }

    @BeforeAll
    static void run() throws Exception {
        watched = traffic();
    }

    /** Runs the steps and counts. */
    private static Map<String, Traffic> traffic() throws Exception {
        LaunchingConnector java = Bootstrap.virtualMachineManager().defaultConnector();
        Map<String, Connector.Argument> arguments = java.defaultArguments();
        arguments.get("main").setValue(Steps.class.getName());
        arguments
                .get("options")
                .setValue(
                        "-Xmx256m -D%s=%s -Ddjlgpt.bfloat16=true -cp \"%s\""
                                .formatted(
                                        ComputeDevice.PROPERTY,
                                        ComputeDevice.name(ComputeDevice.get()),
                                        System.getProperty("java.class.path")));
        VirtualMachine machine = java.launch(arguments);
        Process process = machine.process();
        try {
            new Thread(() -> drain(process)).start();
            List.of(JniUtils.class, Steps.class).forEach(type -> awaitClass(machine, type));
            return traffic(machine);
        } finally {
            process.destroyForcibly();
        }
    }

    private static void drain(Process process) {
        try {
            process.getErrorStream().transferTo(System.err);
            process.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // it has ended
        }
    }

    private static void awaitClass(VirtualMachine machine, Class<?> type) {
        ClassPrepareRequest request = machine.eventRequestManager().createClassPrepareRequest();
        request.addClassFilter(type.getName());
        request.enable();
    }

    private static Map<String, Traffic> traffic(VirtualMachine machine) throws Exception {
        Map<String, Traffic> all = new HashMap<>();
        String step = BETWEEN;
        while (true) {
            EventSet events = machine.eventQueue().remove();
            for (Event event : events) {
                if (event instanceof VMDisconnectEvent) {
                    return all;
                } else if (event instanceof ClassPrepareEvent prepared) {
                    watch(prepared.referenceType());
                } else if (event instanceof BreakpointEvent reached) {
                    String method = reached.location().method().name();
                    if (method.equals("begin")) {
                        step = argument(reached.thread().frame(0));
                        all.put(step, new Traffic());
                    } else if (all.containsKey(step)) {
                        all.get(step).add(method, caller(reached.thread().frames()));
                    }
                }
            }
            events.resume();
        }
    }

    /** Returns who of this library called, as Class.method. */
    private static String caller(List<StackFrame> frames) {
        return frames.stream()
                .map(frame -> frame.location().method())
                .filter(method -> method.declaringType().name().startsWith("org.djlgpt."))
                .filter(method -> !isReader(method.declaringType().name()))
                .map(method -> simpleName(method.declaringType()) + "." + method.name())
                .findFirst()
                .orElseThrow();
    }

    private static String simpleName(ReferenceType type) {
        return type.name().replaceFirst(".*[.$]", "");
    }

    /** Reads for others. */
    private static boolean isReader(String type) {
        return type.equals(ComputeDevice.class.getName());
    }

    private static String argument(StackFrame frame) {
        return ((StringReference) frame.getArgumentValues().get(0)).value();
    }

    private static void watch(ReferenceType type) {
        for (Method method : type.methods()) {
            String name = method.name();
            if (name.equals("begin") || name.equals(SENDS) || READS.contains(name)) {
                BreakpointRequest request =
                        type.virtualMachine()
                                .eventRequestManager()
                                .createBreakpointRequest(method.location());
                request.setSuspendPolicy(EventRequest.SUSPEND_EVENT_THREAD);
                request.enable();
            }
        }
    }

    /** The process with the steps. */
    static final class Steps {

        private final NDManager manager = ComputeDevice.newManager();
        private final Random random = new Random(1);

        public static void main(String[] arguments) throws Exception {
            new Steps().all();
        }

        /** Says whose traffic follows. */
        static void begin(String step) {}

        private void all() throws Exception {
            step("plain", gpt2(0), this::text, plan());
            step("clipped", gpt2(0), this::text, plan().optClipNorm(1e-3));
            step("three batches", gpt2(0), this::text, plan().optGradientAccumulation(3));
            step("dropout", gpt2(0.1f), this::text, plan());
            step("Llama", llama(), this::text, plan());
            step("packed", llama(), this::packed, plan());
            try (Autocast scope = Autocast.bfloat16()) {
                step("bfloat16", gpt2(0), this::text, plan());
            }
            SequenceClassifier classifier =
                    SequenceClassifier.on(gpt2(0), List.of("ham", "spam"), 0, manager);
            step("labels", classifier, Objective.classification(), this::labels, plan());
            GptModel base = llama();
            Block adapted = Lora.adapt(base, LoraConfig.builder().setRank(2).build(), manager);
            step(
                    "preferences",
                    adapted,
                    PreferenceOptimization.dpo(base, 0.1),
                    this::pairs,
                    plan());
            stepOfDjl("DJL's loss and optimizer", gpt2(0));
        }

        private static TrainingPlan.Builder plan() {
            return TrainingPlan.builder().optBatchSize(ROWS);
        }

        private GptModel gpt2(float dropout) {
            return TinyGpt.model(
                    TinyGpt.size(WORDS, CONTEXT).optDropout(dropout).build(), 1, manager);
        }

        private GptModel llama() {
            LlamaConfig size =
                    LlamaConfig.builder()
                            .setVocabSize(WORDS)
                            .setContextLength(CONTEXT)
                            .setEmbeddingDim(16)
                            .setNumHeads(4)
                            .optNumKeyValueHeads(2)
                            .setNumLayers(1)
                            .build();
            return TinyGpt.model(size, 1, manager);
        }

        private void step(String name, Block model, Batches batches, TrainingPlan.Builder plan)
                throws Exception {
            step(name, model, Objective.nextToken(), batches, plan);
        }

        /** The second step counts: tables are made in the first. */
        private void step(
                String name,
                Block model,
                Objective objective,
                Batches batches,
                TrainingPlan.Builder plan)
                throws Exception {
            TrainingPlan built = plan.build();
            try (TrainingStep training =
                    new TrainingStep(model, objective, manager, batches, built, StepHook.NONE)) {
                training.run(0);
                begin(name);
                training.run(1);
                begin(BETWEEN);
                Set<String> waits = Waits.in(() -> training.run(2));
                if (manager.getDevice().isGpu() && !waits.isEmpty()) {
                    throw new IllegalStateException(name + " waits in " + waits);
                }
            }
        }

        private void stepOfDjl(String name, GptModel model) {
            List<Parameter> parameters = model.getParameters().values();
            try (FusedAdamW optimizer = FusedAdamW.builder().build()) {
                for (String step : new String[] {BETWEEN, name}) {
                    begin(step);
                    try (NDManager arrays = manager.newSubManager()) {
                        stepOfDjl(model, text(arrays, 0), parameters, optimizer);
                    }
                }
                begin(BETWEEN);
            }
        }

        private static void stepOfDjl(
                GptModel model, NDList batch, List<Parameter> parameters, FusedAdamW optimizer) {
            NDArray loss;
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                ParameterStore store = new ParameterStore(batch.getManager(), false);
                NDList logits = model.forward(store, new NDList(batch.get(0)), true);
                loss = new CrossEntropy().evaluate(new NDList(batch.get(1)), logits);
                collector.backward(loss);
            }
            for (Parameter parameter : parameters) {
                NDArray weight = parameter.getArray();
                optimizer.update(parameter.getId(), weight, weight.getGradient());
            }
            loss.getFloat();
        }

        /** Ids, and targets of which one is not to be learned. */
        private NDList text(NDManager arrays, long number) {
            NDArray targets = ids(arrays, ROWS, CONTEXT, CrossEntropy.IGNORED);
            return new NDList(ids(arrays, ROWS, CONTEXT, 1), targets);
        }

        private NDList packed(NDManager arrays, long number) {
            NDList batch = text(arrays, number);
            long[] positions = {0, 1, 2, 0, 1, 0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7};
            batch.add(array(arrays, positions, ROWS, CONTEXT));
            return batch;
        }

        private NDList labels(NDManager arrays, long number) {
            return new NDList(
                    ids(arrays, ROWS, CONTEXT, 1), array(arrays, new long[] {0, 1}, ROWS));
        }

        private NDList pairs(NDManager arrays, long number) {
            Shape pairs = new Shape(ROWS, 2, CONTEXT);
            NDArray targets = ids(arrays, 2 * ROWS, CONTEXT, CrossEntropy.IGNORED);
            return new NDList(
                    ids(arrays, 2 * ROWS, CONTEXT, 1).reshape(pairs), targets.reshape(pairs));
        }

        private NDArray ids(NDManager arrays, int rows, int columns, int first) {
            long[] ids = random.longs((long) rows * columns, 1, WORDS).toArray();
            ids[0] = first;
            return array(arrays, ids, rows, columns);
        }

        private static NDArray array(NDManager arrays, long[] numbers, long... shape) {
            return arrays.create(numbers, new Shape(shape));
        }
    }
}
