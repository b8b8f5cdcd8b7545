import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import type { Dataset } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Empty, PageHeader, Time } from "../components/basics.tsx";
import { ListTable } from "../components/list-table.tsx";
import { QueryView } from "../components/query-view.tsx";
import { DropZone } from "../components/upload.tsx";
import { UploadDialog } from "../components/upload-dialog.tsx";
import { bytes, count } from "../format.ts";

const EVERY_MS = 5000;

/** The newest version of every dataset, and the way to make one. */
export function Datasets() {
  const { route } = useLocation();
  const [file, setFile] = useState<File>();
  const datasets = useQuery(
    "datasets",
    async (api) => newestVersions(await api.list<Dataset>("/v1/datasets", 300)),
    EVERY_MS,
  );
  return (
    <>
      <PageHeader
        title="Datasets"
        about="Every accepted dataset is tuned on by itself, unless you say otherwise."
      />
      <div class="stack">
        <DropZone busy={file !== undefined} onFile={setFile} />
        {file && (
          <UploadDialog
            file={file}
            onClose={() => setFile(undefined)}
            onUploaded={({ id }) => route(`/datasets/${id}`)}
          />
        )}
        <QueryView query={datasets}>
          {(found) =>
            found.length === 0 ? (
              <Empty title="No dataset yet">
                <p>Drop a file above, or put one into the bucket with any S3 client.</p>
              </Empty>
            ) : (
              <ListTable
                caption="Datasets, newest first"
                rows={found}
                keyOf={({ id }) => id}
                name={({ id, name }) => ({ href: `/datasets/${id}`, text: name })}
                columns={[
                  { title: "State", cell: ({ status }) => <Badge state={status} /> },
                  { title: "Rows", number: true, cell: ({ rows }) => count(rows) },
                  { title: "Size", number: true, cell: (dataset) => bytes(dataset.bytes) },
                  { title: "Uploaded", cell: ({ created_at: time }) => <Time seconds={time} /> },
                ]}
              />
            )
          }
        </QueryView>
      </div>
    </>
  );
}

function newestVersions(datasets: readonly Dataset[]): Dataset[] {
  // Newest first: the first of a name stays.
  return [...Map.groupBy(datasets, ({ name }) => name).values()].map(([newest]) => newest as Dataset);
}
