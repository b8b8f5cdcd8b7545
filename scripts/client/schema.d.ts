// Made from the API document by `node scripts/generate-client.ts`.
export interface paths {
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer a conversation
         * @description OpenAI's chat completions, whole or as a stream of chunks. `model` names a base model, a tuned model or an experiment; with an experiment, `user` says who is assigned to a variant, and the answer's headers say which one it was.
         */
        post: operations["createChatCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Continue a text
         * @description OpenAI's text completions, for base and tuned models. A text is taken as it is, behind the model's beginning token; token ids are taken without one.
         */
        post: operations["createCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/classifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Choose a label for each input
         * @description Scores every label behind each input, reading the input once. Labels are those that the model was tuned on, unless given; probabilities are over the labels, likeliest first.
         */
        post: operations["createClassification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List base models and the organisation's tuned models
         * @description Everything that `model` may name in a request but experiments: base models first, then the organization's tuned models.
         */
        get: operations["listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe a model
         * @description A tuned model comes with its lineage: base model, soft prompt, job, dataset, experiments, and how it scored.
         */
        get: operations["getModel"];
        put?: never;
        post?: never;
        /**
         * Delete a tuned model
         * @description Removes a tuned model and its soft prompt's files. Refused while a running experiment serves it; base models stay.
         */
        delete: operations["deleteModel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prompts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the organization's soft prompts, newest first
         * @description Soft prompts as files: size and digest of each, and the tuned model that serves them.
         */
        get: operations["listPrompts"];
        put?: never;
        /**
         * Register a soft prompt that Hugging Face PEFT saved, as a tuned model
         * @description Takes `adapter_config.json` and `adapter_model.safetensors` of a PEFT prompt-tuning, P-tuning, prefix-tuning or multitask adapter, checks them against the base model, computes keys and values, and gives a tuned model.
         */
        post: operations["importPrompt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prompts/{prompt}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a soft prompt
         * @description One soft prompt with the digests of its files.
         */
        get: operations["getPrompt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prompts/{prompt}/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download one of a soft prompt's files; adapter_config.json and adapter_model.safetensors are what PEFT loads
         * @description The two files that PEFT loads, the keys and values that the edge caches, and the evaluation. Needs the scope `prompts:download`.
         */
        get: operations["downloadPromptFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the organization's dataset versions, newest first
         * @description All versions of all datasets, or of the one that `name` names.
         */
        get: operations["listDatasets"];
        put?: never;
        /**
         * Create a dataset from rows or JSONL text, or get a URL to upload its train.jsonl to
         * @description Rows or JSONL text become `train.jsonl` in the bucket, are validated at once, and are tuned on unless `tune` is false. A dataset with bad rows is recorded as refused, its errors by line. Without rows and text the answer is a URL that takes `train.jsonl` without a key: the bucket's own, presigned, where its S3 API is configured (`direct`).
         */
        post: operations["createDataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a dataset version by id, or the newest one by name
         * @description Status, format, label counts, token statistics, and the first hundred errors by line.
         */
        get: operations["getDataset"];
        put?: never;
        post?: never;
        /**
         * Delete a dataset, all its versions; jobs that still need it fail
         * @description Removes the files from the bucket. Tuned models made of it stay.
         */
        delete: operations["deleteDataset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a dataset's versions, newest first
         * @description Every content that the dataset's `train.jsonl` has had; the same content is one version.
         */
        get: operations["listDatasetVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{dataset}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a dataset's first rows, as they were understood
         * @description Bad rows come with their error in place of their content. Conflict when the version was replaced in the bucket.
         */
        get: operations["previewDataset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Upload train.jsonl to the URL that POST /v1/datasets gave
         * @description The body is `train.jsonl` itself. The URL works once, within its time; it needs no key, so a browser may use it.
         */
        put: operations["uploadDataset"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List uploads, datasets and result files, newest first
         * @description Uploads and datasets (`fine-tune`), and what jobs left behind (`fine-tune-results`).
         */
        get: operations["listFiles"];
        put?: never;
        /**
         * Upload a dataset; a tuning job is created by a second call
         * @description OpenAI's way to upload a dataset: multipart, purpose `fine-tune`. Nothing is tuned until a job names the file.
         */
        post: operations["uploadFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a file's description
         * @description Size, name, purpose, and whether its rows were accepted.
         */
        get: operations["getFile"];
        put?: never;
        post?: never;
        /**
         * Delete a file from the bucket; jobs that still need it fail
         * @description Removes the file from the bucket.
         */
        delete: operations["deleteFile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files/{file}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a file
         * @description The file as it was uploaded; of a job, its metrics as CSV.
         */
        get: operations["downloadFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the organization's tuning jobs, newest first
         * @description May be filtered by `metadata[key]=value`, as in OpenAI's API.
         */
        get: operations["listFineTuningJobs"];
        put?: never;
        /**
         * Create a tuning job from an uploaded dataset
         * @description OpenAI's request for a job. `training_file` is a dataset's or a file's id. What OpenAI has no words for (method, virtual tokens, initialisation, priority) goes under `foreword`; whatever is left out, the trainer chooses.
         */
        post: operations["createFineTuningJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Call a job off; one that runs ends with its trainer's next heartbeat
         * @description A waiting job ends at once.
         */
        post: operations["cancelFineTuningJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{id}/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the soft prompts that a job has brought: what it ended with, and what it had come to before
         * @description Each can be called as a model of its own.
         */
        get: operations["listFineTuningCheckpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a tuning job
         * @description Status and progress while it runs; when it is done, the tuned model's name and its scores beside the base model's.
         */
        get: operations["getFineTuningJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a tuning job's events, newest first
         * @description Messages, and metrics step by step: losses in nats per token.
         */
        get: operations["listFineTuningEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the organization's experiments, newest first
         * @description Running and ended ones.
         */
        get: operations["listExperiments"];
        put?: never;
        /**
         * Create an experiment and start it
         * @description Variants are models; the first is the control. The experiment's name is a model name from now on. Policies: `fixed` shares, `canary` steps, `bandit`, `shadow`. Results are valid at every look (sequential analysis), unless a fixed horizon is asked for.
         */
        post: operations["createExperiment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an experiment by id, or the newest one of a name
         * @description Its definition, the shares as they are now, and what it serves.
         */
        get: operations["getExperiment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change a draft, or the weights of a running experiment
         * @description While it runs, only shares may change; a draft may change in all parts.
         */
        patch: operations["changeExperiment"];
        trace?: never;
    };
    "/v1/experiments/{experiment}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a draft
         * @description Units are assigned and counted from now on.
         */
        post: operations["startExperiment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give everybody the control and count nothing, until resumed
         * @description Assignments are kept: whoever had a variant gets it back on resuming.
         */
        post: operations["pauseExperiment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a paused experiment
         * @description Everybody gets the variant that they had.
         */
        post: operations["resumeExperiment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End an experiment without a decision: the name serves the control
         * @description Its results stay.
         */
        post: operations["stopExperiment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End an experiment: the name serves the variant from now on
         * @description `variant` may be left out where there is one treatment. Can be taken back with `roll_back`.
         */
        post: operations["promoteVariant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}/roll_back": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End an experiment, or take a promotion back: the name serves the control
         * @description The control serves everybody within seconds.
         */
        post: operations["rollBackExperiment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the numbers say: verdict, effects with intervals, probabilities, sample ratio
         * @description Look at the sample ratio before anything else: when it is off, the numbers below mean nothing.
         */
        get: operations["getExperimentResults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the effects became what they are, day by day, oldest first
         * @description The same effects and intervals as they stood at the end of each day.
         */
        get: operations["getExperimentTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/experiments/{experiment}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who changed what and why, oldest first
         * @description The audit trail: people's decisions and the policy's.
         */
        get: operations["listExperimentChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Assign units to an experiment's variants, and count them as exposed
         * @description For callers that need the variant without an answer: what they show themselves. The same unit always gets the same variant.
         */
        post: operations["assignUnits"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sample_size": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * How many units an experiment takes to find an effect
         * @description For a rate, `baseline` is the rate; for a mean, give its `variance` too. `min_effect` is in the metric's own unit.
         */
        post: operations["planSampleSize"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/outcomes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report outcomes of experiments, one or many
         * @description One outcome, or `{outcomes: [...]}`. Each names its request, its exposure or its unit. Accepted outcomes are counted within seconds; an idempotency key makes sending again harmless.
         */
        post: operations["reportOutcomes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the organization's live keys
         * @description The keys themselves are not kept: a hint tells them apart.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Create an API key; the key itself is in this answer only
         * @description The deployment's admin key makes keys for any organization and may give the scopes `trainer` and `events`; an organization's admin makes keys for its own.
         */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace a key by a new one with the same rights; the old one goes on for a while
         * @description Both keys work until the grace is over, a day unless said.
         */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description Works everywhere within seconds.
         */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trainer/leases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lease the next job
         * @description One job, with everything a trainer needs, and a fencing token that all later calls must name. 204 when no job waits.
         */
        post: operations["leaseJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trainer/jobs/{id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Extend a lease and report progress
         * @description Says whether the job was cancelled. Conflict when another trainer has taken it over.
         */
        post: operations["reportProgress"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trainer/jobs/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a job with its soft prompt
         * @description Comes after the files are in the bucket. Sending it again does what sending it once does.
         */
        post: operations["completeJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trainer/jobs/{id}/fail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End an attempt without a soft prompt
         * @description With `retry` the job waits for another attempt, a few times.
         */
        post: operations["failJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trainer/jobs/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a job back for another trainer to go on with
         * @description The next trainer goes on from the last checkpoint.
         */
        post: operations["releaseJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/trainer/backlog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get how many jobs wait and run, for autoscalers
         * @description Over all organizations; KEDA's metrics-api reads `backlog`.
         */
        get: operations["getBacklog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bucket-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a bucket notification in the shape of R2, S3, MinIO or EventBridge
         * @description For buckets outside R2, whose notifications reach the queue by themselves. Needs the scope `events`, or a signature by the deployment's secret as Standard Webhooks has it. An event is a hint only: what counts is what lies in the bucket.
         */
        post: operations["sendBucketEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/quotas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get what the organization may use today, and has used
         * @description Days are UTC.
         */
        get: operations["getQuotas"];
        put?: never;
        /**
         * Set an organization's daily limits; those left out or null are the usual ones
         * @description Needs the deployment's admin key.
         */
        post: operations["setQuotas"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit_log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who changed what in the organization, newest first
         * @description Method, path, status and key of every call that changed something; never a body.
         */
        get: operations["listAuditLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead_letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List messages that no retry could deliver, newest first
         * @description Needs the deployment's admin key.
         */
        get: operations["listDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead_letters/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a message back on its queue
         * @description Needs the deployment's admin key.
         */
        post: operations["resendDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the organization's webhooks, newest first
         * @description Without their secrets.
         */
        get: operations["listWebhooks"];
        put?: never;
        /**
         * Create a webhook; its signing secret is in this answer only
         * @description Standard Webhooks: HMAC-SHA256 over id, time and body. Messages tell of jobs and experiments that ended, and are sent again for a day.
         */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a webhook; what it was still to be told is dropped
         * @description Messages under way may still arrive.
         */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a new signing secret; for a day messages carry both signatures
         * @description The new secret is in this answer only.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a webhook's deliveries, newest first
         * @description How often each was tried, and what came of it.
         */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{id}/deliveries/{delivery}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message again
         * @description Receivers know it by its message id.
         */
        post: operations["redeliverWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Error: {
            error: {
                message: string;
                type: string;
                param: string | null;
                code: string | null;
            };
        };
        Prompt: {
            id: string;
            /** @enum {string} */
            object: "prompt";
            model: string;
            base_model: string;
            base_digest: string;
            method: string;
            virtual_tokens: number;
            /** @enum {string} */
            row_format: "messages" | "completion" | "label";
            labels: string[] | null;
            job_id: string | null;
            dataset_id: string | null;
            evaluation: {
                /** @enum {string} */
                split: "test" | "valid" | "train";
                rows: number;
                majority_share: number | null;
                base: {
                    loss: number;
                    token_accuracy: number;
                    accuracy: number | null;
                    exact_match?: number | null;
                    macro_f1?: number | null;
                    confusion?: number[][] | null;
                };
                tuned: {
                    loss: number;
                    token_accuracy: number;
                    accuracy: number | null;
                    exact_match?: number | null;
                    macro_f1?: number | null;
                    confusion?: number[][] | null;
                };
                current?: {
                    model: string;
                    scores: {
                        loss: number;
                        token_accuracy: number;
                        accuracy: number | null;
                        exact_match?: number | null;
                        macro_f1?: number | null;
                        confusion?: number[][] | null;
                    };
                } | null;
            } | null;
            files: {
                name: string;
                bytes: number;
                sha256: string;
            }[];
            created_at: number;
        };
        Dataset: {
            id: string;
            /** @enum {string} */
            object: "dataset";
            name: string;
            version: string;
            bytes: number;
            /** @enum {string} */
            status: "accepted" | "refused";
            /** @enum {string|null} */
            format: "messages" | "completion" | "label" | null;
            rows: number;
            labels: {
                [key: string]: number;
            } | null;
            tokens: {
                sampled_rows: number;
                mean: number;
                min: number;
                p50: number;
                p95: number;
                max: number;
                histogram?: {
                    from: number;
                    to: number;
                    rows: number;
                }[];
            } | null;
            error_count: number;
            errors: {
                line: number;
                /** @enum {string} */
                code: "invalid_utf8" | "line_too_long" | "invalid_json" | "too_deep" | "invalid_row" | "missing_field" | "empty_completion" | "mixed_formats" | "too_long" | "too_many_rows" | "too_large" | "no_rows";
                message: string;
            }[];
            created_at: number;
        };
        DatasetUpload: {
            /** @enum {string} */
            object: "dataset.upload";
            name: string;
            /** @enum {string} */
            method: "PUT";
            url: string;
            direct: boolean;
            expires_at: number;
        };
        File: {
            id: string;
            /** @enum {string} */
            object: "file";
            bytes: number;
            created_at: number;
            filename: string;
            /** @enum {string} */
            purpose: "fine-tune" | "fine-tune-results";
            /** @enum {string} */
            status: "uploaded" | "processed" | "error";
        };
        FineTuningJob: {
            /** @enum {string} */
            object: "fine_tuning.job";
            id: string;
            created_at: number;
            finished_at: number | null;
            estimated_finish: number | null;
            model: string;
            fine_tuned_model: string | null;
            organization_id: string;
            /** @enum {string} */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
            training_file: string;
            validation_file: string | null;
            hyperparameters: {
                n_epochs: "auto" | number;
                batch_size: "auto" | number;
                learning_rate_multiplier: "auto" | number;
            };
            result_files: string[];
            seed: number;
            method: {
                /** @enum {string} */
                type: "supervised";
                supervised: {
                    hyperparameters: {
                        n_epochs: "auto" | number;
                        batch_size: "auto" | number;
                        learning_rate_multiplier: "auto" | number;
                    };
                };
            };
            metadata: {
                [key: string]: string;
            } | null;
            trained_tokens: number | null;
            error: {
                code: string;
                message: string;
                param: string | null;
            } | null;
            foreword: {
                attempt: number;
                priority: number;
                settings: {
                    [key: string]: unknown;
                };
                progress: {
                    [key: string]: unknown;
                } | null;
                evaluation: {
                    [key: string]: unknown;
                } | null;
                tuning_seconds: number | null;
                steps: number | null;
            };
        };
        FineTuningCheckpoint: {
            /** @enum {string} */
            object: "fine_tuning.job.checkpoint";
            id: string;
            created_at: number;
            fine_tuned_model_checkpoint: string;
            fine_tuning_job_id: string;
            step_number: number;
            metrics: {
                step: number;
                train_loss?: number;
                full_valid_loss?: number;
                full_valid_mean_token_accuracy?: number;
            };
        };
        FineTuningJobEvent: {
            /** @enum {string} */
            object: "fine_tuning.job.event";
            id: string;
            created_at: number;
            /** @enum {string} */
            level: "info" | "warn" | "error";
            message: string;
            /** @enum {string} */
            type: "message" | "metrics";
            data?: unknown;
        };
        Experiment: {
            id: string;
            /** @enum {string} */
            object: "experiment";
            name: string;
            /** @enum {string} */
            status: "draft" | "running" | "paused" | "stopped" | "promoted" | "rolled_back";
            /** @enum {string} */
            unit: "user" | "request" | "session";
            variants: {
                key: string;
                model: string;
                weight: number;
            }[];
            metrics: {
                key: string;
                /** @enum {string} */
                kind: "binary" | "continuous" | "count";
                /** @enum {string} */
                direction: "increase" | "decrease";
                /**
                 * @default primary
                 * @enum {string}
                 */
                role: "primary" | "guardrail" | "secondary";
                min_effect?: number;
                /** @enum {string} */
                per_unit: "any" | "mean" | "sum";
                /** @enum {string} */
                missing: "zero" | "exclude";
            }[];
            policy: {
                [key: string]: unknown;
            };
            analysis: {
                /**
                 * @default sequential
                 * @enum {string}
                 */
                type: "sequential" | "fixed";
                /** @default 0.05 */
                alpha: number;
                planned_units?: number;
            };
            serving: string;
            phase: number;
            step: number | null;
            verdict: string | null;
            job_id: string | null;
            created_at: number;
            started_at: number | null;
            ended_at: number | null;
        };
        ExperimentResults: {
            /** @enum {string} */
            object: "experiment.results";
            experiment: string;
            name: string;
            /** @enum {string} */
            status: "draft" | "running" | "paused" | "stopped" | "promoted" | "rolled_back";
            verdict: {
                /** @enum {string} */
                state: "do_not_trust" | "keep_collecting" | "better" | "no_difference" | "inconclusive" | "no_primary_metric" | "nothing_to_compare";
                text: string;
                winner: string | null;
                units_needed: number | null;
            };
            analysis: {
                /**
                 * @default sequential
                 * @enum {string}
                 */
                type: "sequential" | "fixed";
                /** @default 0.05 */
                alpha: number;
                planned_units?: number;
            };
            sample_ratio: {
                chi_square: number;
                p_value: number;
                sequential_p_value: number;
                mismatch: boolean;
            };
            waiting_for: string[];
            variants: {
                key: string;
                model: string;
                units: number;
            }[];
            phases: {
                phase: number;
                shares: number[];
                units: number[];
            }[];
            metrics: {
                key: string;
                /** @enum {string} */
                kind: "binary" | "continuous" | "count";
                /** @enum {string} */
                direction: "increase" | "decrease";
                /**
                 * @default primary
                 * @enum {string}
                 */
                role: "primary" | "guardrail" | "secondary";
                min_effect: number | null;
                /** @enum {string} */
                per_unit: "any" | "mean" | "sum";
                /** @enum {string} */
                missing: "zero" | "exclude";
                cuped: {
                    theta: number;
                    variance_reduction: number;
                } | null;
                variants: {
                    variant: string;
                    units: number;
                    mean: number | null;
                    probability_best: number | null;
                    expected_loss: number | null;
                }[];
                comparisons: {
                    variant: string;
                    against: string;
                    difference: number | null;
                    interval: [
                        number,
                        number
                    ] | null;
                    lift: number | null;
                    lift_interval: [
                        number,
                        number
                    ] | null;
                    p_value: number;
                    adjusted_p_value: number | null;
                    /** @enum {string} */
                    result?: "worse" | "undecided" | "better";
                    harm: [
                        number | null,
                        number | null
                    ] | null;
                    fixed_horizon: {
                        interval: [
                            number,
                            number
                        ] | null;
                        p_value: number;
                    };
                }[];
            }[];
            days: {
                day: string;
                variant: string;
                metric: string;
                units: number;
                total: number;
            }[];
        };
        ExperimentTimeline: {
            /** @enum {string} */
            object: "list";
            data: {
                day: string;
                units: number[];
                metrics: {
                    key: string;
                    comparisons: {
                        variant: string;
                        against: string;
                        difference: number | null;
                        interval: [
                            number,
                            number
                        ] | null;
                        lift: number | null;
                        lift_interval: [
                            number,
                            number
                        ] | null;
                        p_value: number;
                        adjusted_p_value: number | null;
                        /** @enum {string} */
                        result?: "worse" | "undecided" | "better";
                        harm: [
                            number | null,
                            number | null
                        ] | null;
                        fixed_horizon: {
                            interval: [
                                number,
                                number
                            ] | null;
                            p_value: number;
                        };
                    }[];
                }[];
            }[];
        };
        NewKey: components["schemas"]["Key"] & {
            key: string;
        };
        Key: {
            id: string;
            /** @enum {string} */
            object: "key";
            name: string;
            organization: string;
            hint: string;
            scopes: ("inference" | "datasets" | "prompts:download" | "experiments" | "admin" | "trainer" | "events")[];
            created_at: number;
            last_used_at: number | null;
            expires_at: number | null;
            requests_per_minute: number | null;
        };
        NewWebhook: components["schemas"]["Webhook"] & {
            secret: string;
        };
        Webhook: {
            id: string;
            /** @enum {string} */
            object: "webhook";
            url: string;
            events: ("fine_tuning.job.succeeded" | "fine_tuning.job.failed" | "fine_tuning.job.cancelled" | "experiment.paused" | "experiment.promoted" | "experiment.rolled_back" | "experiment.stopped")[];
            created_at: number;
        };
        WebhookDelivery: {
            id: string;
            /** @enum {string} */
            object: "webhook.delivery";
            message_id: string;
            type: string;
            /** @enum {string} */
            status: "pending" | "delivered" | "failed";
            attempts: number;
            next_attempt_at: number | null;
            last_status: number | null;
            last_error: string | null;
            created_at: number;
            delivered_at: number | null;
        };
    };
    responses: {
        /** @description A field is missing or wrong; `param` names it */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description No key, or one that is not known */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The key lacks the scope that this takes */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description There is no such thing in this organization */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Something else has changed it, or the same request is under way */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is larger than this takes */
        TooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A limit of requests, tokens or jobs is reached; `retry-after` says when to come back */
        TooMany: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Too much at once, or a part that is needed does not answer; `retry-after` says when to come back */
        Unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createChatCompletion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    model: string;
                    temperature?: number | null;
                    top_p?: number | null;
                    top_k?: number | null;
                    min_p?: number | null;
                    frequency_penalty?: number | null;
                    presence_penalty?: number | null;
                    repetition_penalty?: number | null;
                    logit_bias?: {
                        [key: string]: number;
                    } | null;
                    seed?: number | null;
                    stop?: string | string[] | null;
                    n?: number | null;
                    stream?: boolean | null;
                    stream_options?: {
                        include_usage?: boolean | null;
                    } | null;
                    response_format?: {
                        /** @enum {string} */
                        type: "text";
                    } | {
                        /** @enum {string} */
                        type: "json_object";
                    } | {
                        /** @enum {string} */
                        type: "json_schema";
                        json_schema: {
                            name: string;
                            description?: string | null;
                            schema: {
                                [key: string]: unknown;
                            };
                            strict?: boolean | null;
                        };
                    } | null;
                    user?: string | null;
                    messages: {
                        /** @enum {string} */
                        role: "system" | "developer" | "user" | "assistant";
                        content: string | {
                            /** @enum {string} */
                            type: "text";
                            text: string;
                        }[];
                    }[];
                    max_tokens?: number | null;
                    max_completion_tokens?: number | null;
                    logprobs?: boolean | null;
                    top_logprobs?: number | null;
                };
            };
        };
        responses: {
            /** @description The answer, whole or as a stream of `chat.completion.chunk`s */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        object: "chat.completion";
                        created: number;
                        model: string;
                        system_fingerprint: string;
                        choices: {
                            index: number;
                            message: {
                                /** @enum {string} */
                                role: "assistant";
                                content: string;
                                refusal: null;
                            };
                            logprobs: {
                                content: {
                                    token: string;
                                    logprob: number;
                                    bytes: number[] | null;
                                    top_logprobs: {
                                        token: string;
                                        logprob: number;
                                        bytes: number[] | null;
                                    }[];
                                }[];
                                refusal: null;
                            } | null;
                            /** @enum {string} */
                            finish_reason: "stop" | "length";
                        }[];
                        usage: {
                            prompt_tokens: number;
                            completion_tokens: number;
                            total_tokens: number;
                        };
                    };
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    createCompletion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    model: string;
                    temperature?: number | null;
                    top_p?: number | null;
                    top_k?: number | null;
                    min_p?: number | null;
                    frequency_penalty?: number | null;
                    presence_penalty?: number | null;
                    repetition_penalty?: number | null;
                    logit_bias?: {
                        [key: string]: number;
                    } | null;
                    seed?: number | null;
                    stop?: string | string[] | null;
                    n?: number | null;
                    stream?: boolean | null;
                    stream_options?: {
                        include_usage?: boolean | null;
                    } | null;
                    response_format?: {
                        /** @enum {string} */
                        type: "text";
                    } | {
                        /** @enum {string} */
                        type: "json_object";
                    } | {
                        /** @enum {string} */
                        type: "json_schema";
                        json_schema: {
                            name: string;
                            description?: string | null;
                            schema: {
                                [key: string]: unknown;
                            };
                            strict?: boolean | null;
                        };
                    } | null;
                    user?: string | null;
                    prompt: string | string[] | number[] | number[][];
                    max_tokens?: number | null;
                    logprobs?: number | null;
                    echo?: boolean | null;
                    /** @enum {string|null} */
                    suffix?: "" | null;
                    best_of?: number | null;
                };
            };
        };
        responses: {
            /** @description The answer, whole or as a stream of chunks */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        object: "text_completion";
                        created: number;
                        model: string;
                        system_fingerprint: string;
                        choices: {
                            text: string;
                            index: number;
                            logprobs: {
                                tokens: string[];
                                token_logprobs: (number | null)[];
                                top_logprobs: ({
                                    [key: string]: number;
                                } | null)[];
                                text_offset: number[];
                            } | null;
                            /** @enum {string} */
                            finish_reason: "stop" | "length";
                        }[];
                        usage: {
                            prompt_tokens: number;
                            completion_tokens: number;
                            total_tokens: number;
                        };
                    };
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    createClassification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    model: string;
                    input?: string | string[] | null;
                    inputs?: string[] | null;
                    messages?: {
                        /** @enum {string} */
                        role: "system" | "developer" | "user" | "assistant";
                        content: string | {
                            /** @enum {string} */
                            type: "text";
                            text: string;
                        }[];
                    }[] | null;
                    labels?: string[] | null;
                    user?: string | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        model: string;
                        system_fingerprint: string;
                        data: {
                            /** @enum {string} */
                            object: "classification";
                            index: number;
                            label: string;
                            scores: {
                                label: string;
                                logprob: number;
                                probability: number;
                            }[];
                        }[];
                        usage: {
                            prompt_tokens: number;
                            completion_tokens: number;
                            total_tokens: number;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: ({
                            id: string;
                            /** @enum {string} */
                            object: "model";
                            created: number;
                            owned_by: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        object: "model";
                        created: number;
                        owned_by: string;
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        object: "model";
                        /** @enum {boolean} */
                        deleted: true;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listPrompts: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Prompt"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    importPrompt: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    adapter_config: string;
                    /** Format: binary */
                    adapter_model: string;
                    base_model: string;
                    base_digest?: string;
                    /** @default imported */
                    suffix?: string;
                    /**
                     * @default messages
                     * @enum {string}
                     */
                    row_format?: "messages" | "completion" | "label";
                    labels?: string;
                    task?: number | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Prompt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getPrompt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                prompt: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Prompt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    downloadPromptFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                prompt: string;
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDatasets: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
                name?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Dataset"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    createDataset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    rows?: {
                        [key: string]: unknown;
                    }[];
                    content?: string;
                    validation_rows?: {
                        [key: string]: unknown;
                    }[];
                    test_rows?: {
                        [key: string]: unknown;
                    }[];
                    settings?: {
                        base_model?: string;
                        suffix?: string;
                        /**
                         * @default auto
                         * @enum {string}
                         */
                        method?: "auto" | "prompt_tuning" | "p_tuning" | "prefix_tuning";
                        /** @default auto */
                        virtual_tokens?: "auto" | number;
                        /** @default auto */
                        learning_rate?: "auto" | number;
                        /** @default auto */
                        epochs?: "auto" | number;
                        /** @default auto */
                        batch_size?: "auto" | number;
                        initial_text?: string;
                        init?: ("auto" | "text" | "labels" | "examples" | "sample_vocab" | "random") | string;
                        /** @enum {string} */
                        placement?: "auto" | "front" | "after_first";
                        /** @enum {string} */
                        optimizer?: "adamw" | "muon" | "adafactor";
                        weight_decay?: number;
                        gradient_accumulation?: number;
                        early_stopping?: boolean;
                        experiment?: {
                            name: string;
                            /** @default {} */
                            gate?: {
                                /** @enum {string} */
                                metric?: "accuracy" | "token_accuracy" | "loss";
                                /** @default 0 */
                                min_gain?: number;
                            };
                            canary?: {
                                steps?: number[];
                                min_units?: number;
                                min_minutes?: number;
                            };
                        };
                        /** @default 0 */
                        seed?: number;
                    };
                    /** @default true */
                    tune?: boolean;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"] | components["schemas"]["DatasetUpload"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        object: "dataset";
                        /** @enum {boolean} */
                        deleted: true;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDatasetVersions: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Dataset"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    previewDataset: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: {
                            [key: string]: unknown;
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    uploadDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            400: components["responses"]["BadRequest"];
            404: components["responses"]["NotFound"];
            503: components["responses"]["Unavailable"];
        };
    };
    listFiles: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
                purpose?: "fine-tune" | "fine-tune-results";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["File"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    uploadFile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: string;
                    /** @enum {string} */
                    purpose: "fine-tune";
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        object: "file";
                        /** @enum {boolean} */
                        deleted: true;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    downloadFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listFineTuningJobs: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["FineTuningJob"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    createFineTuningJob: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    model: string;
                    training_file: string;
                    validation_file?: string | null;
                    suffix?: string | null;
                    seed?: number | null;
                    metadata?: {
                        [key: string]: string;
                    } | null;
                    method?: {
                        /** @enum {string} */
                        type: "supervised";
                        supervised?: {
                            hyperparameters?: {
                                n_epochs?: "auto" | number;
                                batch_size?: "auto" | number;
                                learning_rate_multiplier?: "auto" | number;
                            };
                        };
                    };
                    hyperparameters?: {
                        n_epochs?: "auto" | number;
                        batch_size?: "auto" | number;
                        learning_rate_multiplier?: "auto" | number;
                    };
                    foreword?: {
                        /**
                         * @default auto
                         * @enum {string}
                         */
                        method?: "auto" | "prompt_tuning" | "p_tuning" | "prefix_tuning";
                        /** @default auto */
                        virtual_tokens?: "auto" | number;
                        /** @default auto */
                        learning_rate?: "auto" | number;
                        /** @default auto */
                        epochs?: "auto" | number;
                        /** @default auto */
                        batch_size?: "auto" | number;
                        initial_text?: string;
                        init?: ("auto" | "text" | "labels" | "examples" | "sample_vocab" | "random") | string;
                        /** @enum {string} */
                        placement?: "auto" | "front" | "after_first";
                        /** @enum {string} */
                        optimizer?: "adamw" | "muon" | "adafactor";
                        weight_decay?: number;
                        gradient_accumulation?: number;
                        early_stopping?: boolean;
                        experiment?: {
                            name: string;
                            /** @default {} */
                            gate?: {
                                /** @enum {string} */
                                metric?: "accuracy" | "token_accuracy" | "loss";
                                /** @default 0 */
                                min_gain?: number;
                            };
                            canary?: {
                                steps?: number[];
                                min_units?: number;
                                min_minutes?: number;
                            };
                        };
                        priority?: number;
                    };
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FineTuningJob"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelFineTuningJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FineTuningJob"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listFineTuningCheckpoints: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["FineTuningCheckpoint"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getFineTuningJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FineTuningJob"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listFineTuningEvents: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["FineTuningJobEvent"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listExperiments: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Experiment"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    createExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    variants: {
                        key: string;
                        model: string;
                        weight?: number;
                    }[];
                    /**
                     * @default user
                     * @enum {string}
                     */
                    unit?: "user" | "request" | "session";
                    /** @default [] */
                    metrics?: {
                        key: string;
                        /** @enum {string} */
                        kind?: "binary" | "continuous" | "count";
                        /** @enum {string} */
                        direction?: "increase" | "decrease";
                        /**
                         * @default primary
                         * @enum {string}
                         */
                        role?: "primary" | "guardrail" | "secondary";
                        min_effect?: number;
                        /** @enum {string} */
                        per_unit?: "any" | "mean" | "sum";
                        /** @enum {string} */
                        missing?: "zero" | "exclude";
                    }[];
                    /**
                     * @default {
                     *       "type": "fixed"
                     *     }
                     */
                    policy?: {
                        /** @enum {string} */
                        type: "fixed";
                    } | {
                        /** @enum {string} */
                        type: "canary";
                        /**
                         * @default [
                         *       1,
                         *       5,
                         *       10,
                         *       25,
                         *       50,
                         *       100
                         *     ]
                         */
                        steps?: number[];
                        /** @default 100 */
                        min_units?: number;
                        /** @default 0 */
                        min_minutes?: number;
                    } | {
                        /** @enum {string} */
                        type: "bandit";
                        /** @default 0.05 */
                        floor?: number;
                        /** @default 60 */
                        interval_minutes?: number;
                        /** @default 100 */
                        min_units?: number;
                    } | {
                        /** @enum {string} */
                        type: "shadow";
                    };
                    /** @default {} */
                    analysis?: {
                        /**
                         * @default sequential
                         * @enum {string}
                         */
                        type?: "sequential" | "fixed";
                        /** @default 0.05 */
                        alpha?: number;
                        planned_units?: number;
                    };
                    /** @default true */
                    start?: boolean;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    weights?: {
                        [key: string]: number;
                    };
                    variants?: {
                        key: string;
                        model: string;
                        weight?: number;
                    }[];
                    /** @enum {string} */
                    unit?: "user" | "request" | "session";
                    metrics?: {
                        key: string;
                        /** @enum {string} */
                        kind?: "binary" | "continuous" | "count";
                        /** @enum {string} */
                        direction?: "increase" | "decrease";
                        /**
                         * @default primary
                         * @enum {string}
                         */
                        role?: "primary" | "guardrail" | "secondary";
                        min_effect?: number;
                        /** @enum {string} */
                        per_unit?: "any" | "mean" | "sum";
                        /** @enum {string} */
                        missing?: "zero" | "exclude";
                    }[];
                    policy?: {
                        /** @enum {string} */
                        type: "fixed";
                    } | {
                        /** @enum {string} */
                        type: "canary";
                        /**
                         * @default [
                         *       1,
                         *       5,
                         *       10,
                         *       25,
                         *       50,
                         *       100
                         *     ]
                         */
                        steps?: number[];
                        /** @default 100 */
                        min_units?: number;
                        /** @default 0 */
                        min_minutes?: number;
                    } | {
                        /** @enum {string} */
                        type: "bandit";
                        /** @default 0.05 */
                        floor?: number;
                        /** @default 60 */
                        interval_minutes?: number;
                        /** @default 100 */
                        min_units?: number;
                    } | {
                        /** @enum {string} */
                        type: "shadow";
                    };
                    analysis?: {
                        /**
                         * @default sequential
                         * @enum {string}
                         */
                        type?: "sequential" | "fixed";
                        /** @default 0.05 */
                        alpha?: number;
                        planned_units?: number;
                    };
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    startExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    variant?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    pauseExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    variant?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    resumeExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    variant?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    stopExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    variant?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    promoteVariant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    variant?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    rollBackExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    variant?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getExperimentResults: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getExperimentTimeline: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentTimeline"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listExperimentChanges: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                experiment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: {
                            id: string;
                            /** @enum {string} */
                            object: "experiment.change";
                            actor: string;
                            action: string;
                            detail: {
                                [key: string]: unknown;
                            };
                            created_at: number;
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    assignUnits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    experiment: string;
                    units: string[];
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: {
                            unit: string;
                            variant: string;
                            model: string;
                            exposure: string | null;
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    planSampleSize: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    baseline: number;
                    min_effect: number;
                    variance?: number;
                    /** @default 0.05 */
                    alpha?: number;
                    /** @default 0.8 */
                    power?: number;
                    /** @default 2 */
                    variants?: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "sample_size";
                        sequential: {
                            per_variant: number;
                            total: number;
                        };
                        fixed: {
                            per_variant: number;
                            total: number;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    reportOutcomes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    outcomes: {
                        exposure?: string;
                        request?: string;
                        unit?: string;
                        experiment?: string;
                        metric: string;
                        /** @default 1 */
                        value?: number | boolean;
                        time?: number;
                        idempotency_key?: string;
                        /** @default false */
                        covariate?: boolean;
                    }[];
                } | {
                    exposure?: string;
                    request?: string;
                    unit?: string;
                    experiment?: string;
                    metric: string;
                    /** @default 1 */
                    value?: number | boolean;
                    time?: number;
                    idempotency_key?: string;
                    /** @default false */
                    covariate?: boolean;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "outcomes";
                        accepted: number;
                        rejected: {
                            index: number;
                            error: {
                                message: string;
                                type: string;
                                param: string | null;
                                code: string | null;
                            };
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Key"][];
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    organization?: string;
                    scopes?: ("inference" | "datasets" | "prompts:download" | "experiments" | "admin" | "trainer" | "events")[];
                    requests_per_minute?: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default 86400 */
                    grace_seconds?: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        object: "key";
                        /** @enum {boolean} */
                        deleted: true;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    leaseJob: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    request?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        job: {
                            id: string;
                            organization: string;
                            base_model: string;
                            dataset: {
                                id: string;
                                name: string;
                                /** @enum {string} */
                                format: "messages" | "completion" | "label";
                                rows: number;
                                etag: string;
                            };
                            settings: {
                                base_model?: string;
                                suffix?: string;
                                /**
                                 * @default auto
                                 * @enum {string}
                                 */
                                method: "auto" | "prompt_tuning" | "p_tuning" | "prefix_tuning";
                                /** @default auto */
                                virtual_tokens: "auto" | number;
                                /** @default auto */
                                learning_rate: "auto" | number;
                                /** @default auto */
                                epochs: "auto" | number;
                                /** @default auto */
                                batch_size: "auto" | number;
                                initial_text?: string;
                                init?: ("auto" | "text" | "labels" | "examples" | "sample_vocab" | "random") | string;
                                /** @enum {string} */
                                placement?: "auto" | "front" | "after_first";
                                /** @enum {string} */
                                optimizer?: "adamw" | "muon" | "adafactor";
                                weight_decay?: number;
                                gradient_accumulation?: number;
                                early_stopping?: boolean;
                                experiment?: {
                                    name: string;
                                    /** @default {} */
                                    gate: {
                                        /** @enum {string} */
                                        metric?: "accuracy" | "token_accuracy" | "loss";
                                        /** @default 0 */
                                        min_gain: number;
                                    };
                                    canary?: {
                                        steps?: number[];
                                        min_units?: number;
                                        min_minutes?: number;
                                    };
                                };
                                /** @default 0 */
                                seed: number;
                            };
                            attempt: number;
                            prompt_id: string;
                            request_id?: string | null;
                            current?: {
                                model: string;
                                prompt_id: string;
                            } | null;
                        };
                        lease: {
                            token: number;
                            expires_at: number;
                        };
                    };
                };
            };
            /** @description No job waits */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    reportProgress: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: number;
                    progress?: {
                        /** @enum {string} */
                        phase: "preparing" | "tuning" | "evaluating" | "uploading";
                        step: number;
                        total_steps: number;
                        train_loss: number | null;
                        /** @default null */
                        valid_loss?: number | null;
                        /** @default null */
                        tokens_per_second?: number | null;
                        /** @default null */
                        seconds_left?: number | null;
                    };
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cancel: boolean;
                        lease_expires_at: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    completeJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: number;
                    prompt: {
                        base_digest: string;
                        /** @enum {string} */
                        method: "prompt_tuning" | "p_tuning" | "prefix_tuning";
                        virtual_tokens: number;
                        /** @enum {string} */
                        placement?: "front" | "after_first";
                        chosen?: {
                            /** @enum {string} */
                            method: "prompt_tuning" | "p_tuning" | "prefix_tuning";
                            init: string;
                            virtual_tokens: number;
                            learning_rate: number;
                            epochs: number;
                            batch_size: number;
                            /** @enum {string} */
                            optimizer?: "adamw" | "muon" | "adafactor";
                            reason: string;
                            /** @enum {string} */
                            stopped: "finished" | "early" | "diverged";
                            best_step: number;
                        };
                        /** @enum {string} */
                        row_format: "messages" | "completion" | "label";
                        labels: string[] | null;
                        files: {
                            [key: string]: {
                                bytes: number;
                                sha256: string;
                            };
                        };
                        evaluation: {
                            /** @enum {string} */
                            split: "test" | "valid" | "train";
                            rows: number;
                            majority_share: number | null;
                            base: {
                                loss: number;
                                token_accuracy: number;
                                accuracy: number | null;
                                exact_match?: number | null;
                                macro_f1?: number | null;
                                confusion?: number[][] | null;
                            };
                            tuned: {
                                loss: number;
                                token_accuracy: number;
                                accuracy: number | null;
                                exact_match?: number | null;
                                macro_f1?: number | null;
                                confusion?: number[][] | null;
                            };
                            current?: {
                                model: string;
                                scores: {
                                    loss: number;
                                    token_accuracy: number;
                                    accuracy: number | null;
                                    exact_match?: number | null;
                                    macro_f1?: number | null;
                                    confusion?: number[][] | null;
                                };
                            } | null;
                        } | null;
                        steps: number;
                        trained_tokens: number;
                        tuning_seconds: number;
                        metrics?: {
                            train_loss: number | null;
                            valid_loss: number | null;
                            valid_token_accuracy: number | null;
                        };
                        checkpoints?: {
                            step: number;
                            metrics: {
                                train_loss: number | null;
                                valid_loss: number | null;
                                valid_token_accuracy: number | null;
                            };
                            files: {
                                [key: string]: {
                                    bytes: number;
                                    sha256: string;
                                };
                            };
                        }[];
                    };
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        model: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    failJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: number;
                    error: {
                        code: string;
                        message: string;
                    };
                    /** @default false */
                    retry?: boolean;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    releaseJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getBacklog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        queued: number;
                        running: number;
                        oldest_queued_seconds: number;
                        backlog: number;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    sendBucketEvent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": ({
                    /** @enum {string} */
                    action: "PutObject" | "CopyObject" | "CompleteMultipartUpload" | "DeleteObject" | "LifecycleDeletion";
                    bucket: string;
                    object: {
                        key: string;
                        eTag?: string;
                    } & {
                        [key: string]: unknown;
                    };
                } & {
                    [key: string]: unknown;
                }) | ({
                    Records: ({
                        eventName: string;
                        s3: {
                            bucket: {
                                name: string;
                            } & {
                                [key: string]: unknown;
                            };
                            object: {
                                key: string;
                                eTag?: string;
                            } & {
                                [key: string]: unknown;
                            };
                        } & {
                            [key: string]: unknown;
                        };
                    } & {
                        [key: string]: unknown;
                    })[];
                } & {
                    [key: string]: unknown;
                }) | ({
                    /** @enum {string} */
                    "detail-type": "Object Created" | "Object Deleted";
                    detail: {
                        bucket: {
                            name: string;
                        } & {
                            [key: string]: unknown;
                        };
                        object: {
                            key: string;
                            etag?: string;
                        } & {
                            [key: string]: unknown;
                        };
                    } & {
                        [key: string]: unknown;
                    };
                } & {
                    [key: string]: unknown;
                });
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        accepted: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    getQuotas: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "quotas";
                        organization: string;
                        rows: {
                            limit: number;
                            used: number;
                        };
                        jobs: {
                            limit: number;
                            used: number;
                        };
                        tokens: {
                            limit: number;
                            used: number;
                        };
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    setQuotas: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    organization: string;
                    rows?: number | null;
                    jobs?: number | null;
                    tokens?: number | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "quotas";
                        organization: string;
                        rows: {
                            limit: number;
                            used: number;
                        };
                        jobs: {
                            limit: number;
                            used: number;
                        };
                        tokens: {
                            limit: number;
                            used: number;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAuditLog: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: {
                            id: string;
                            /** @enum {string} */
                            object: "audit_entry";
                            key_id: string;
                            method: string;
                            path: string;
                            status: number;
                            request_id: string;
                            created_at: number;
                        }[];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDeadLetters: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: {
                            id: string;
                            /** @enum {string} */
                            object: "dead_letter";
                            body?: unknown;
                            created_at: number;
                            resent_at: number | null;
                        }[];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    resendDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        accepted: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Webhook"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    url: string;
                    /**
                     * @default [
                     *       "fine_tuning.job.succeeded",
                     *       "fine_tuning.job.failed",
                     *       "fine_tuning.job.cancelled",
                     *       "experiment.paused",
                     *       "experiment.promoted",
                     *       "experiment.rolled_back",
                     *       "experiment.stopped"
                     *     ]
                     */
                    events?: ("fine_tuning.job.succeeded" | "fine_tuning.job.failed" | "fine_tuning.job.cancelled" | "experiment.paused" | "experiment.promoted" | "experiment.rolled_back" | "experiment.stopped")[];
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        object: "webhook";
                        /** @enum {boolean} */
                        deleted: true;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["WebhookDelivery"][];
                        has_more: boolean;
                        first_id: string | null;
                        last_id: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
    redeliverWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        status: "pending";
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Unavailable"];
        };
    };
}
