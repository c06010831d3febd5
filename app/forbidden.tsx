import { MessagePage } from "./ui/message-page.tsx";

export default function Forbidden() {
  return (
    <MessagePage title="This page is not for your account">
      Only an administrator may open it. If you need it, ask one to change your role.
    </MessagePage>
  );
}
