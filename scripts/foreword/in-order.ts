/** Runs up to `concurrency` tasks at a time and gives their results in the order of the items. */
export async function* inOrder<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  run: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for await (const item of items) {
    const task = run(item);
    // Its failure is thrown when its turn comes, not before.
    task.catch(() => undefined);
    running.push(task);
    if (running.length >= concurrency) yield (await running.shift()) as R;
  }
  for (const task of running) yield await task;
}
