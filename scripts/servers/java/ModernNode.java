import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** One node of Elasticsearch 8.19 or 9 on the loopback. Arguments: home, HTTP port, name=value ... */
final class ModernNode {
    public static void main(String[] words) throws Exception {
        Path home = Path.of(words[0]).toAbsolutePath();
        logging();
        Settings.Builder settings = Settings.builder();
        NodeSettings.of(home, words).forEach(settings::put);
        var environment = InternalSettingsPreparer.prepareEnvironment(
            settings.build(), Map.of(), home.resolve("config"), () -> "epnkit");
        var loader = PluginsLoader.createPluginsLoader(
            bundles("loadModulesBundles", home.resolve("modules")),
            bundles("loadPluginsBundles", home.resolve("plugins")), Map.of(), false);
        Node node = new Node(environment, loader);
        node.start();
        NodeSettings.stayUntilStopped(node);
    }

    private static void logging() throws ReflectiveOperationException {
        Class<?> logs = Class.forName("org.elasticsearch.common.logging.LogConfigurator");
        logs.getMethod("registerErrorListener").invoke(null);
        for (var method : logs.getMethods()) {
            if (method.getName().equals("configureESLogging")) { method.invoke(null); }
        }
    }

    /** The two versions differ in whether the loader takes a flag. */
    @SuppressWarnings("unchecked")
    private static <T> Set<T> bundles(String name, Path folder) throws ReflectiveOperationException {
        for (var method : PluginsLoader.class.getMethods()) {
            if (method.getName().equals(name)) {
                Object[] given = method.getParameterCount() == 1
                    ? new Object[] {folder} : new Object[] {folder, false};
                return (Set<T>) method.invoke(null, given);
            }
        }
        throw new NoSuchMethodException(name);
    }
}
