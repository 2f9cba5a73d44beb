import java.io.Closeable;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** What every test node is told, and how it ends. */
final class NodeSettings {
    private NodeSettings() {}

    static Map<String, String> of(Path home, String[] words) {
        Map<String, String> told = new LinkedHashMap<>();
        int port = Integer.parseInt(words[1]);
        told.put("path.home", home.toString());
        told.put("path.data", home.resolve("data").toString());
        told.put("path.logs", home.resolve("logs").toString());
        told.put("cluster.name", "epnkit");
        told.put("node.name", "epnkit");
        told.put("discovery.type", "single-node");
        told.put("network.host", "127.0.0.1");
        told.put("http.port", Integer.toString(port));
        told.put("transport.port", "0");
        told.put("cluster.routing.allocation.disk.threshold_enabled", "false");
        for (int i = 2; i < words.length; i++) {
            String[] pair = words[i].split("=", 2);
            told.put(pair[0], pair[1]);
        }
        return told;
    }

    static void stayUntilStopped(Closeable node) throws InterruptedException {
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try { node.close(); } catch (Exception failure) { failure.printStackTrace(); }
            stopped.countDown();
        }));
        stopped.await();
    }
}
