import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import type { Dataset } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Card, Empty, PageHeader, Time } from "../components/basics.tsx";
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
              <Card>
                <table class="table-list">
                  <caption class="sr-only">Datasets, newest first</caption>
                  <thead>
                    <tr>
                      <th scope="col">Name</th>
                      <th scope="col">State</th>
                      <th scope="col" class="number">
                        Rows
                      </th>
                      <th scope="col" class="number">
                        Size
                      </th>
                      <th scope="col">Uploaded</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.map((dataset) => (
                      <tr key={dataset.id}>
                        <th scope="row">
                          <a href={`/datasets/${dataset.id}`}>{dataset.name}</a>
                        </th>
                        <td data-label="State">
                          <Badge state={dataset.status} />
                        </td>
                        <td data-label="Rows" class="number">
                          {count(dataset.rows)}
                        </td>
                        <td data-label="Size" class="number">
                          {bytes(dataset.bytes)}
                        </td>
                        <td data-label="Uploaded">
                          <Time seconds={dataset.created_at} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Card>
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
