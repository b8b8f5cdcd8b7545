import { lazy, LocationProvider, Route, Router } from "preact-iso";
import { useMemo, useState } from "preact/hooks";
import { createApi } from "./api/client.ts";
import { SessionContext } from "./api/context.ts";
import { Layout } from "./components/layout.tsx";
import { NotFound } from "./pages/not-found.tsx";
import { Overview } from "./pages/overview.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { readKey, storeKey } from "./session.ts";

// The first page is there at once; the others come with their first visit.
const Datasets = lazy(async () => (await import("./pages/datasets.tsx")).Datasets);
const DatasetPage = lazy(async () => (await import("./pages/dataset.tsx")).DatasetPage);
const Jobs = lazy(async () => (await import("./pages/jobs.tsx")).Jobs);
const CompareJobs = lazy(async () => (await import("./pages/compare-jobs.tsx")).CompareJobs);
const JobPage = lazy(async () => (await import("./pages/job.tsx")).JobPage);
const Prompts = lazy(async () => (await import("./pages/prompts.tsx")).Prompts);
const PromptPage = lazy(async () => (await import("./pages/prompt.tsx")).PromptPage);
const Playground = lazy(async () => (await import("./pages/playground.tsx")).Playground);
const Experiments = lazy(async () => (await import("./pages/experiments.tsx")).Experiments);
const NewExperiment = lazy(async () => (await import("./pages/new-experiment.tsx")).NewExperiment);
const ExperimentPage = lazy(async () => (await import("./pages/experiment.tsx")).ExperimentPage);

interface SignedIn {
  readonly key: string;
  readonly organization: string;
}

/** The dashboard: a sign-in, and behind it the pages. */
export function App() {
  const [signedIn, setSignedIn] = useState<SignedIn>();
  const [reason, setReason] = useState<string>();
  const session = useMemo(() => {
    if (!signedIn) return null;
    const leave = (why?: string) => {
      storeKey(null);
      setReason(why);
      setSignedIn(undefined);
    };
    return {
      api: createApi(signedIn.key, () => leave("The server does not know this key any more. Sign in again.")),
      organization: signedIn.organization,
      signOut: () => leave(),
    };
  }, [signedIn]);

  if (!session) {
    return (
      <SignIn
        known={readKey()}
        reason={reason}
        onSignedIn={(key, organization) => {
          storeKey(key);
          setSignedIn({ key, organization });
        }}
      />
    );
  }
  return (
    <SessionContext.Provider value={session}>
      <LocationProvider>
        <Layout>
          <Router onRouteChange={() => document.querySelector("main")?.focus({ preventScroll: true })}>
            <Route path="/" component={Overview} />
            <Route path="/datasets" component={Datasets} />
            <Route path="/datasets/:id" component={DatasetPage} />
            <Route path="/jobs" component={Jobs} />
            <Route path="/jobs/compare" component={CompareJobs} />
            <Route path="/jobs/:id" component={JobPage} />
            <Route path="/prompts" component={Prompts} />
            <Route path="/prompts/:id" component={PromptPage} />
            <Route path="/playground" component={Playground} />
            <Route path="/experiments" component={Experiments} />
            <Route path="/experiments/new" component={NewExperiment} />
            <Route path="/experiments/:id" component={ExperimentPage} />
            <Route default component={NotFound} />
          </Router>
        </Layout>
      </LocationProvider>
    </SessionContext.Provider>
  );
}
