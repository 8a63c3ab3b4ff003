/* Files that are to be read again: their hashes are forgotten, so that the next sync reads them
 * whatever their times say. Their documents stay until then. */
#include "index/base/str.h"
#include "index/engine/index.h"
#include "index/store/files.h"

sx_status sx_index_reread(struct sx_index *ix, const struct sx_reread *which, size_t *files,
                          struct sx_error *err)
{
    struct sx_error own;

    err = err == NULL ? &own : err;
    *files = 0;
    if (!which->failed && which->type.ptr == NULL && which->before == 0)
        return sx_fail(err, SX_EREQUEST, "it is not said which files are to be read again");
    sx_status rc = write_begin(ix, err);
    if (rc != SX_OK)
        return rc;
    rc = file_forget_hashes(&ix->w, which->failed, which->type, which->before, files, err);
    return rc == SX_OK ? SX_OK : write_doom(ix, rc, err);
}
