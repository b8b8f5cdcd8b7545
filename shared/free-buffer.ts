/**
 * Frees the memory behind a view at once; whoever reads it afterwards finds it empty. As garbage it would wait for a collection,
 * which comes late for what lies outside the heap: an isolate of 128 MB was seen to hold 43 MB of it.
 */
export function freeBuffer({ buffer }: ArrayBufferView): void {
  // What is shared with other threads cannot be taken from them.
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
