/** A product's picture, or a placeholder. */
export function ProductPicture({ content }: { content: Uint8Array | undefined }) {
  if (!content) return <span className="block size-10 shrink-0 rounded-md bg-sunken" />;
  return (
    // biome-ignore lint/performance/noImgElement: a data URL of a kilobyte has nothing to optimise.
    <img
      src={`data:image/png;base64,${Buffer.from(content).toString("base64")}`}
      alt=""
      width={40}
      height={40}
      className="size-10 shrink-0 rounded-md"
    />
  );
}
