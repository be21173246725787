// What compile/ndis_*.c cannot show of NDIS's headers: where the bits of a NET_LUID lie, and that
// C++ sees the very types of the prototypes.
#include <gtest/gtest.h>
#include <ndis.h>

#include <cstdint>
#include <type_traits>

namespace {

struct Luid {
  NET_IFTYPE type;
  std::uint32_t index;
  std::uint64_t value;
};

TEST(NdisHeadersTest, NetLuidHasTypeAndIndexInItsUpperBits) {
  const Luid luids[] = {
      {IF_TYPE_ETHERNET_CSMACD, 0x8001, 0x0006008001000000}, {IF_TYPE_OTHER, 1, 0x0001000001000000},
      {IF_TYPE_PROP_VIRTUAL, 0xFFFFFF, 0x0035FFFFFF000000},  {0xFFFF, 0, 0xFFFF000000000000},
      {MAX_IF_TYPE, 0x123456, 0x0119123456000000},           {0, 0, NET_IFLUID_UNSPECIFIED},
  };
  for (const Luid& expected : luids) {
    NET_LUID luid;
    luid.Value = ~std::uint64_t{0};  // The macro sets all three parts.
    NDIS_MAKE_NET_LUID(&luid, expected.type, expected.index);
    EXPECT_EQ(luid.Value, expected.value);
    EXPECT_EQ(luid.Info.IfType, expected.type);
    EXPECT_EQ(luid.Info.NetLuidIndex, expected.index);
    EXPECT_EQ(luid.Info.Reserved, 0u);
  }
}

TEST(NdisHeadersTest, NetLuidLosesTheIndexsBitsAbove23) {
  NET_LUID luid;
  NDIS_MAKE_NET_LUID(&luid, IF_TYPE_PPP, 0xAB000002);
  EXPECT_EQ(luid.Value, 0x0017000002000000u);
}

TEST(NdisHeadersTest, NetLuidIsAStatementByItself) {
  NET_LUID luid = {};
  if (luid.Value == 0) NDIS_MAKE_NET_LUID(&luid, IF_TYPE_TUNNEL, 7)
  EXPECT_EQ(luid.Value, 0x0083000007000000u);
}

// The address, not the macro of the same name, which is one for calls only.
#define NDIS_TYPE_IS(name, ...) static_assert(std::is_same_v<decltype(name), __VA_ARGS__>)
NDIS_TYPE_IS(NdisIfRegisterProvider,
             std::int32_t(NDIS_IF_PROVIDER_CHARACTERISTICS*, void*, void**));
NDIS_TYPE_IS(NdisIfDeregisterProvider, void(void*));
NDIS_TYPE_IS(NdisIfRegisterInterface,
             std::int32_t(void*, NET_LUID, void*, NET_IF_INFORMATION*, std::uint32_t*));
NDIS_TYPE_IS(NdisIfDeregisterInterface, void(std::uint32_t));
NDIS_TYPE_IS(NdisIfAllocateNetLuidIndex, std::int32_t(std::uint16_t, std::uint32_t*));
NDIS_TYPE_IS(NdisIfFreeNetLuidIndex, std::int32_t(std::uint16_t, std::uint32_t));
NDIS_TYPE_IS(NdisIfAddIfStackEntry, std::int32_t(std::uint32_t, std::uint32_t));
NDIS_TYPE_IS(NdisIfDeleteIfStackEntry, void(std::uint32_t, std::uint32_t));
NDIS_TYPE_IS(NdisIfQueryBindingIfIndex,
             std::int32_t(void*, std::uint32_t*, NET_LUID*, std::uint32_t*, NET_LUID*));
NDIS_TYPE_IS(NdisIfGetInterfaceIndexFromNetLuid, std::int32_t(NET_LUID, std::uint32_t*));
NDIS_TYPE_IS(NdisIfGetNetLuidFromInterfaceIndex, std::int32_t(std::uint32_t, NET_LUID*));
static_assert(std::is_same_v<IFP_QUERY_OBJECT,
                             std::int32_t (*)(void*, std::uint32_t, std::uint32_t*, void*)>);
static_assert(
    std::is_same_v<IFP_SET_OBJECT, std::int32_t (*)(void*, std::uint32_t, std::uint32_t, void*)>);

}  // namespace
