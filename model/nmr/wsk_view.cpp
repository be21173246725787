// One case for each kind of event.
#include "model/nmr/wsk_view.h"

#include <algorithm>

namespace nmrcheck::model {

const WskView* WskViews::of_block(const void* block) const {
  const auto found = std::find_if(views_.rbegin(), views_.rend(),
                                  [block](const WskView& view) { return view.block == block; });
  return found == views_.rend() ? nullptr : &*found;
}

const WskView* WskViews::of_binding(BindingId binding) const {
  const auto found = std::find_if(views_.begin(), views_.end(), [binding](const WskView& view) {
    return binding != kNoBinding && view.binding == binding;
  });
  return found == views_.end() ? nullptr : &*found;
}

void WskViews::fold(const Event& event) {
  if (event.kind == EventKind::kWskRegistered) {
    WskView& made = views_.emplace_back();
    made.block = event.pointer;
    made.dispatch = event.passed->dispatch;
    made.module = event.module;
    return;
  }
  if (event.kind == EventKind::kWskSocketsChanged) {
    for (WskView& view : views_) {
      if (view.binding == event.binding) view.sockets = event.block;
    }
    return;
  }
  auto* view = const_cast<WskView*>(of_block(event.pointer));
  if (view == nullptr || view->closed) return;
  switch (event.kind) {
    case EventKind::kWskCaptured:
      ++view->captures;
      view->binding = event.binding;
      view->captors.push_back(event.fiber);
      break;
    case EventKind::kWskReleaseCalled: {
      if (view->captures == 0) {
        ++view->over_releases;
        break;
      }
      --view->captures;
      const auto own = std::find(view->captors.begin(), view->captors.end(), event.fiber);
      if (own != view->captors.end()) {
        view->captors.erase(own);
      } else {
        view->captors.clear();  // captures change hands: who holds one is no longer known
      }
      break;
    }
    case EventKind::kWskDeregisterCalled:
      ++view->deregister_calls;
      break;
    case EventKind::kWskDeregisterReturned:
      view->closed = true;
      break;
    default:
      break;
  }
}

}  // namespace nmrcheck::model
