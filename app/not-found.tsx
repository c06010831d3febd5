import { MessagePage } from "./ui/message-page.tsx";

export default function NotFound() {
  return (
    <MessagePage title="There is nothing here">
      The page may have moved, or what it showed may have been deleted.
    </MessagePage>
  );
}
