/** What the API document says of an operation beyond its route: an id for generated clients, and a description. */
export interface OperationText {
  readonly id: string;
  readonly description: string;
}

/** By method and path, in the order in which the document lists them. A test compares them with the routes. */
export const operationTexts: Readonly<Record<string, OperationText>> = {
  "post /v1/chat/completions": {
    id: "createChatCompletion",
    description:
      "OpenAI's chat completions, whole or as a stream of chunks. `model` names a base model, a tuned model or an experiment; with an experiment, `user` says who is assigned to a variant, and the answer's headers say which one it was.",
  },
  "post /v1/completions": {
    id: "createCompletion",
    description:
      "OpenAI's text completions, for base and tuned models. A text is taken as it is, behind the model's beginning token; token ids are taken without one.",
  },
  "post /v1/classifications": {
    id: "createClassification",
    description:
      "Scores every label behind each input, reading the input once. Labels are those that the model was tuned on, unless given; probabilities are over the labels, likeliest first.",
  },
  "get /v1/models": {
    id: "listModels",
    description:
      "Everything that `model` may name in a request but experiments: base models first, then the organization's tuned models.",
  },
  "get /v1/models/{model}": {
    id: "getModel",
    description:
      "A tuned model comes with its lineage: base model, soft prompt, job, dataset, experiments, and how it scored.",
  },
  "delete /v1/models/{model}": {
    id: "deleteModel",
    description:
      "Removes a tuned model and its soft prompt's files. Refused while a running experiment serves it; base models stay.",
  },
  "get /v1/prompts": {
    id: "listPrompts",
    description: "Soft prompts as files: size and digest of each, and the tuned model that serves them.",
  },
  "post /v1/prompts": {
    id: "importPrompt",
    description:
      "Takes `adapter_config.json` and `adapter_model.safetensors` of a PEFT prompt-tuning, P-tuning, prefix-tuning or multitask adapter, checks them against the base model, computes keys and values, and gives a tuned model.",
  },
  "get /v1/prompts/{prompt}": {
    id: "getPrompt",
    description: "One soft prompt with the digests of its files.",
  },
  "get /v1/prompts/{prompt}/files/{file}": {
    id: "downloadPromptFile",
    description:
      "The two files that PEFT loads, the keys and values that the edge caches, and the evaluation. Needs the scope `prompts:download`.",
  },
  "post /v1/datasets": {
    id: "createDataset",
    description:
      "Rows or JSONL text become `train.jsonl` in the bucket, are validated at once, and are tuned on unless `tune` is false. A dataset with bad rows is recorded as refused, its errors by line. Without rows and text the answer is a URL that takes `train.jsonl` without a key: the bucket's own, presigned, where its S3 API is configured (`direct`).",
  },
  "get /v1/datasets": {
    id: "listDatasets",
    description: "All versions of all datasets, or of the one that `name` names.",
  },
  "get /v1/datasets/{dataset}": {
    id: "getDataset",
    description: "Status, format, label counts, token statistics, and the first hundred errors by line.",
  },
  "delete /v1/datasets/{dataset}": {
    id: "deleteDataset",
    description: "Removes the files from the bucket. Tuned models made of it stay.",
  },
  "get /v1/datasets/{dataset}/versions": {
    id: "listDatasetVersions",
    description: "Every content that the dataset's `train.jsonl` has had; the same content is one version.",
  },
  "get /v1/datasets/{dataset}/preview": {
    id: "previewDataset",
    description:
      "Bad rows come with their error in place of their content. Conflict when the version was replaced in the bucket.",
  },
  "put /uploads/{token}": {
    id: "uploadDataset",
    description:
      "The body is `train.jsonl` itself. The URL works once, within its time; it needs no key, so a browser may use it.",
  },
  "post /v1/files": {
    id: "uploadFile",
    description:
      "OpenAI's way to upload a dataset: multipart, purpose `fine-tune`. Nothing is tuned until a job names the file.",
  },
  "get /v1/files": {
    id: "listFiles",
    description: "Uploads and datasets (`fine-tune`), and what jobs left behind (`fine-tune-results`).",
  },
  "get /v1/files/{file}": {
    id: "getFile",
    description: "Size, name, purpose, and whether its rows were accepted.",
  },
  "delete /v1/files/{file}": { id: "deleteFile", description: "Removes the file from the bucket." },
  "get /v1/files/{file}/content": {
    id: "downloadFile",
    description: "The file as it was uploaded; of a job, its metrics as CSV.",
  },
  "post /v1/fine_tuning/jobs": {
    id: "createFineTuningJob",
    description:
      "OpenAI's request for a job. `training_file` is a dataset's or a file's id. What OpenAI has no words for (method, virtual tokens, initialisation, priority) goes under `foreword`; whatever is left out, the trainer chooses.",
  },
  "get /v1/fine_tuning/jobs": {
    id: "listFineTuningJobs",
    description: "May be filtered by `metadata[key]=value`, as in OpenAI's API.",
  },
  "get /v1/fine_tuning/jobs/{id}": {
    id: "getFineTuningJob",
    description:
      "Status and progress while it runs; when it is done, the tuned model's name and its scores beside the base model's.",
  },
  "post /v1/fine_tuning/jobs/{id}/cancel": {
    id: "cancelFineTuningJob",
    description: "A waiting job ends at once.",
  },
  "get /v1/fine_tuning/jobs/{id}/checkpoints": {
    id: "listFineTuningCheckpoints",
    description: "Each can be called as a model of its own.",
  },
  "get /v1/fine_tuning/jobs/{id}/events": {
    id: "listFineTuningEvents",
    description: "Messages, and metrics step by step: losses in nats per token.",
  },
  "post /v1/experiments": {
    id: "createExperiment",
    description:
      "Variants are models; the first is the control. The experiment's name is a model name from now on. Policies: `fixed` shares, `canary` steps, `bandit`, `shadow`. Results are valid at every look (sequential analysis), unless a fixed horizon is asked for.",
  },
  "get /v1/experiments": { id: "listExperiments", description: "Running and ended ones." },
  "get /v1/experiments/{experiment}": {
    id: "getExperiment",
    description: "Its definition, the shares as they are now, and what it serves.",
  },
  "patch /v1/experiments/{experiment}": {
    id: "changeExperiment",
    description: "While it runs, only shares may change; a draft may change in all parts.",
  },
  "post /v1/experiments/{experiment}/start": {
    id: "startExperiment",
    description: "Units are assigned and counted from now on.",
  },
  "post /v1/experiments/{experiment}/pause": {
    id: "pauseExperiment",
    description: "Assignments are kept: whoever had a variant gets it back on resuming.",
  },
  "post /v1/experiments/{experiment}/resume": {
    id: "resumeExperiment",
    description: "Everybody gets the variant that they had.",
  },
  "post /v1/experiments/{experiment}/stop": { id: "stopExperiment", description: "Its results stay." },
  "post /v1/experiments/{experiment}/promote": {
    id: "promoteVariant",
    description:
      "`variant` may be left out where there is one treatment. Can be taken back with `roll_back`.",
  },
  "post /v1/experiments/{experiment}/roll_back": {
    id: "rollBackExperiment",
    description: "The control serves everybody within seconds.",
  },
  "get /v1/experiments/{experiment}/results": {
    id: "getExperimentResults",
    description:
      "Look at the sample ratio before anything else: when it is off, the numbers below mean nothing.",
  },
  "get /v1/experiments/{experiment}/timeline": {
    id: "getExperimentTimeline",
    description: "The same effects and intervals as they stood at the end of each day.",
  },
  "get /v1/experiments/{experiment}/history": {
    id: "listExperimentChanges",
    description: "The audit trail: people's decisions and the policy's.",
  },
  "post /v1/assignments": {
    id: "assignUnits",
    description:
      "For callers that need the variant without an answer: what they show themselves. The same unit always gets the same variant.",
  },
  "post /v1/sample_size": {
    id: "planSampleSize",
    description:
      "For a rate, `baseline` is the rate; for a mean, give its `variance` too. `min_effect` is in the metric's own unit.",
  },
  "post /v1/outcomes": {
    id: "reportOutcomes",
    description:
      "One outcome, or `{outcomes: [...]}`. Each names its request, its exposure or its unit. Accepted outcomes are counted within seconds; an idempotency key makes sending again harmless.",
  },
  "post /v1/keys": {
    id: "createKey",
    description:
      "The deployment's admin key makes keys for any organization and may give the scopes `trainer` and `events`; an organization's admin makes keys for its own.",
  },
  "get /v1/keys": {
    id: "listKeys",
    description: "The keys themselves are not kept: a hint tells them apart.",
  },
  "post /v1/keys/{id}/rotate": {
    id: "rotateKey",
    description: "Both keys work until the grace is over, a day unless said.",
  },
  "delete /v1/keys/{id}": { id: "revokeKey", description: "Works everywhere within seconds." },
  "get /v1/quotas": { id: "getQuotas", description: "Days are UTC." },
  "post /v1/quotas": { id: "setQuotas", description: "Needs the deployment's admin key." },
  "get /v1/audit_log": {
    id: "listAuditLog",
    description: "Method, path, status and key of every call that changed something; never a body.",
  },
  "post /v1/webhooks": {
    id: "createWebhook",
    description:
      "Standard Webhooks: HMAC-SHA256 over id, time and body. Messages tell of jobs and experiments that ended, and are sent again for a day.",
  },
  "get /v1/webhooks": { id: "listWebhooks", description: "Without their secrets." },
  "delete /v1/webhooks/{id}": { id: "deleteWebhook", description: "Messages under way may still arrive." },
  "post /v1/webhooks/{id}/rotate": {
    id: "rotateWebhookSecret",
    description: "The new secret is in this answer only.",
  },
  "get /v1/webhooks/{id}/deliveries": {
    id: "listWebhookDeliveries",
    description: "How often each was tried, and what came of it.",
  },
  "post /v1/webhooks/{id}/deliveries/{delivery}/redeliver": {
    id: "redeliverWebhook",
    description: "Receivers know it by its message id.",
  },
  "post /v1/trainer/leases": {
    id: "leaseJob",
    description:
      "One job, with everything a trainer needs, and a fencing token that all later calls must name. 204 when no job waits.",
  },
  "post /v1/trainer/jobs/{id}/heartbeat": {
    id: "reportProgress",
    description: "Says whether the job was cancelled. Conflict when another trainer has taken it over.",
  },
  "post /v1/trainer/jobs/{id}/complete": {
    id: "completeJob",
    description: "Comes after the files are in the bucket. Sending it again does what sending it once does.",
  },
  "post /v1/trainer/jobs/{id}/fail": {
    id: "failJob",
    description: "With `retry` the job waits for another attempt, a few times.",
  },
  "post /v1/trainer/jobs/{id}/release": {
    id: "releaseJob",
    description: "The next trainer goes on from the last checkpoint.",
  },
  "get /v1/trainer/backlog": {
    id: "getBacklog",
    description: "Over all organizations; KEDA's metrics-api reads `backlog`.",
  },
  "post /v1/bucket-events": {
    id: "sendBucketEvent",
    description:
      "For buckets outside R2, whose notifications reach the queue by themselves. Needs the scope `events`, or a signature by the deployment's secret as Standard Webhooks has it. An event is a hint only: what counts is what lies in the bucket.",
  },
  "get /v1/dead_letters": { id: "listDeadLetters", description: "Needs the deployment's admin key." },
  "post /v1/dead_letters/{id}/resend": {
    id: "resendDeadLetter",
    description: "Needs the deployment's admin key.",
  },
};

/** Groups of operations by how their paths begin; the first that fits. */
export const tags = [
  {
    name: "Inference",
    paths: ["/v1/chat/", "/v1/completions", "/v1/classifications"],
    description: "Answers from base and tuned models, in OpenAI's shapes.",
  },
  { name: "Models", paths: ["/v1/models"], description: "What can be called." },
  { name: "Datasets", paths: ["/v1/datasets", "/uploads/", "/v1/files"], description: "Rows to tune on." },
  { name: "Tuning jobs", paths: ["/v1/fine_tuning/"], description: "From a dataset to a soft prompt." },
  {
    name: "Soft prompts",
    paths: ["/v1/prompts"],
    description: "Import from and export to Hugging Face PEFT.",
  },
  {
    name: "Experiments",
    paths: ["/v1/experiments", "/v1/assignments", "/v1/sample_size", "/v1/outcomes"],
    description: "A/B tests, canaries and bandits under one model name.",
  },
  { name: "Keys", paths: ["/v1/keys"], description: "Who may do what." },
  { name: "Webhooks", paths: ["/v1/webhooks"], description: "Being told instead of asking." },
  { name: "Trainers", paths: ["/v1/trainer/"], description: "How a trainer takes jobs and reports on them." },
  {
    name: "Operations",
    paths: ["/v1/quotas", "/v1/audit_log", "/v1/dead_letters", "/v1/bucket-events"],
    description: "Limits, records, and events that got stuck.",
  },
] as const;
