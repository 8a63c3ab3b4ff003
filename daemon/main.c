/* searchd: reads its options and configuration, and does what they say. */
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <searchd/index.h>

#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/offline.h"
#include "daemon/options.h"
#include "daemon/server.h"

/* Takes the configuration. */
static int run_offline(const struct options *o, struct config *conf, struct sx_extract *extract)
{
    int status =
        o->mode == MODE_CHECK ? offline_check(conf) : offline_index(conf, extract, options_file(o));
    config_release(conf);
    return status;
}

/* Takes the configuration. What reads files is started while there is one thread. */
static int run(const struct options *o, struct config *conf)
{
    struct sx_extract *extract = NULL;
    struct sx_error err = {.offset = -1};
    const struct sx_extract_options files = {.helpers = (unsigned)conf->files.readers,
                                             .timeout_ms = (unsigned)conf->files.timeout_ms,
                                             .memory_bytes = conf->files.memory_mb << 20};
    if (o->mode != MODE_CHECK && sx_extract_start(&extract, &files, &err) != SX_OK) {
        fprintf(stderr, "searchd: %s\n", err.msg);
        config_release(conf);
        return EXIT_FAILURE;
    }
    if (extract != NULL && sx_extract_lacks(extract)[0] != '\0')
        log_warn("files are read in a weaker sandbox: this kernel lacks %s",
                 sx_extract_lacks(extract));
    int status =
        o->mode == MODE_SERVE ? server_run(conf, o, extract) : run_offline(o, conf, extract);
    sx_extract_stop(extract);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct config conf;
    struct sx_error err = {.offset = -1};
    log_init();
    if (!options_read(&options, argc, argv))
        return EXIT_USAGE;
    if (options.mode == MODE_HELP) {
        options_help(stdout);
        return EXIT_SUCCESS;
    }
    if (options.mode == MODE_VERSION) {
        printf("%s, libevent %s, cJSON %s\n", sx_version(), event_get_version(), cJSON_Version());
        return EXIT_SUCCESS;
    }
    if (options_config(&options, &conf, &err) != SX_OK) {
        fprintf(stderr, "searchd: %s\n", err.msg);
        config_release(&conf);
        return EXIT_USAGE;
    }
    log_set_level((enum log_level)conf.log_level);
    return run(&options, &conf);
}
